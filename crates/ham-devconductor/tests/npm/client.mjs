// What a JavaScript program does with a conductor, through `@holochain/client`: the newest, or for 0.6 the last one for it.
// Each step prints its name once it is done.
//
// node client.mjs DIRECTORY ADMIN_PORT BUNDLE RELEASE, where DIRECTORY has the package installed, and RELEASE is what the
// conductor speaks.

import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [directory, adminPort, bundle, release] = process.argv.slice(2);
const client = release === "0.6" ? "client-of-0.6" : "@holochain/client";
const library = join(directory, "node_modules", client, "lib/index.js");
const {
  AdminWebsocket,
  AppWebsocket,
  CellType,
  HolochainError,
} = await import(pathToFileURL(library));

const APP = "javascript";
const address = (port) => new URL(`ws://localhost:${port}`);
// A conductor lets in the origins it is told to, and a client that is no browser names its own.
const wsClientOptions = { origin: "ham-test" };

async function step(name, run) {
  const result = await run();
  console.log(name);
  return result;
}

const refused = (name, words) => (error) => {
  assert(error instanceof HolochainError, `${error}`);
  assert.equal(error.name, name);
  assert.match(error.message, words);
  return true;
};

const admin = await step("admin: connect", () =>
  AdminWebsocket.connect({ url: address(adminPort), wsClientOptions }));

const key = await step("admin: generate key", async () => {
  const key = await admin.generateAgentPubKey();
  assert.equal(key.length, 39);
  return key;
});

const installed = await step("admin: install", async () => {
  const info = await admin.installApp({
    source: { type: "path", value: bundle },
    agent_key: key,
    installed_app_id: APP,
  });
  assert.equal(info.installed_app_id, APP);
  assert.deepEqual(info.agent_pub_key, key);
  assert.deepEqual(info.status, { type: "disabled", value: { type: "never_started" } });
  assert.deepEqual(Object.keys(info.cell_info).sort(), ["ledger", "probe"]);
  return info;
});
const cellOf = (info, role) => {
  const [cell] = info.cell_info[role];
  assert.equal(cell.type, CellType.Provisioned);
  return cell.value.cell_id;
};
const probe = cellOf(installed, "probe");

await step("admin: install again is refused", () =>
  assert.rejects(
    admin.installApp({ source: { type: "path", value: bundle }, installed_app_id: APP }),
    refused("internal_error", /AppAlreadyInstalled|already installed/i),
  ));

await step("admin: enable", async () => {
  const info = await admin.enableApp({ installed_app_id: APP });
  assert.deepEqual(info.status, { type: "enabled" });
});

await step("admin: list apps", async () => {
  const apps = await admin.listApps({});
  assert.deepEqual(apps.map((app) => app.installed_app_id), [APP]);
  assert.deepEqual(cellOf(apps[0], "probe"), probe);
  assert.deepEqual(apps[0].status, { type: "enabled" });
});

await step("admin: list cells and DNAs", async () => {
  const cells = await admin.listCellIds();
  assert.equal(cells.length, 2);
  assert((await admin.listDnas()).some((dna) => Buffer.from(dna).equals(Buffer.from(probe[0]))));
  const definition = await admin.getDnaDefinition(probe);
  assert.equal(definition.name, "probe");
});

const port = await step("admin: attach interface", async () => {
  const { port } = await admin.attachAppInterface({ allowed_origins: "ham-test" });
  const interfaces = await admin.listAppInterfaces();
  assert.deepEqual(interfaces.map((attached) => attached.port), [port]);
  return port;
});

const token = await step("admin: issue token", async () => {
  const issued = await admin.issueAppAuthenticationToken({ installed_app_id: APP });
  assert(issued.expires_at > Date.now() * 1000);
  return issued.token;
});

await step("app: a wrong token is refused", () =>
  assert.rejects(AppWebsocket.connect({ url: address(port), token: [1, 2, 3], wsClientOptions })));

await step("app: a wrong origin is refused", () =>
  assert.rejects(
    AppWebsocket.connect({ url: address(port), token, wsClientOptions: { origin: "somebody-else" } }),
    refused("ConnectionError", /could not connect/),
  ));

const app = await step("app: connect", async () => {
  const app = await AppWebsocket.connect({ url: address(port), token, wsClientOptions });
  assert.deepEqual(app.myPubKey, key);
  assert.equal(app.installedAppId, APP);
  return app;
});

await step("app: info", async () => assert.deepEqual(cellOf(await app.appInfo(), "probe"), probe));

const call = (fn_name, payload, cell = { role_name: "probe" }) =>
  app.callZome({ ...cell, zome_name: "probe", fn_name, payload });

await step("app: a call without credentials is not sent", () => assert.rejects(call("echo_text", "hello")));

// Release 0.21.0 of the client asks for a grant with the fields that `holochain` had before 0.7.1.
if (release === "0.7.1") {
  await step("admin: the grant of this client is refused", () =>
    assert.rejects(
      admin.authorizeSigningCredentials(probe),
      refused("deserialization", /Failed to deserialize request/),
    ));
  process.exit(0);
}

await step("admin: authorize signing credentials", () => admin.authorizeSigningCredentials(probe));

await step("app: call echo", async () => {
  assert.equal(await call("echo_text", "hello"), "hello");
  const value = { text: "ä", number: 7, list: [1, null, true], bytes: Buffer.from([0, 255]) };
  assert.deepEqual(await call("echo", value), value);
});

await step("app: call create", async () => {
  const hash = await call("create_item", { call_id: "1", body: "from JavaScript" });
  assert.equal(hash.length, 39);
  assert.deepEqual(await call("get_item", hash), { call_id: "1", body: "from JavaScript" });
  assert.equal(await call("count_items", null), 1);
});

await step("app: errors of zome and conductor", async () => {
  await assert.rejects(call("fail", "on purpose"), refused("internal_error", /on purpose/));
  await assert.rejects(call("create_item", { call_id: "2", body: "invalid" }), refused("internal_error", /InvalidCommit/));
  await assert.rejects(call("no_such_function", null), refused("internal_error", /no_such_function/));
  assert.equal(await call("count_items", null), 1);
});

await step("app: signal", async () => {
  const heard = new Promise((resolve) => {
    app.on("signal", (signal) => {
      if (signal.type === "app" && signal.value.payload.type === "emitted") resolve(signal.value);
    });
  });
  await call("emit", "to all clients");
  const signal = await heard;
  assert.deepEqual(signal.cell_id, probe);
  assert.equal(signal.zome_name, "probe");
  assert.deepEqual(signal.payload, { type: "emitted", text: "to all clients" });
});

const clone = await step("app: create clone", async () => {
  const clone = await app.createCloneCell({
    role_name: "probe",
    modifiers: { network_seed: "a clone" },
    name: "the clone",
  });
  assert.equal(clone.clone_id, "probe.0");
  assert.equal(clone.name, "the clone");
  assert.equal(clone.enabled, true);
  assert.deepEqual(clone.cell_id[1], key);
  await admin.authorizeSigningCredentials(clone.cell_id);
  assert.equal(await call("count_items", null, { role_name: "probe.0" }), 0);
  return clone;
});

await step("app: disable clone", async () => {
  await app.disableCloneCell({ clone_cell_id: { type: "clone_id", value: clone.clone_id } });
  await assert.rejects(call("count_items", null, { cell_id: clone.cell_id }), refused("internal_error", /CellDisabled/));
});

await step("app: enable clone", async () => {
  const enabled = await app.enableCloneCell({ clone_cell_id: { type: "dna_hash", value: clone.cell_id[0] } });
  assert.deepEqual(enabled, clone);
  assert.equal(await call("count_items", null, { cell_id: clone.cell_id }), 0);
});

await step("admin: delete clone", async () => {
  await app.disableCloneCell({ clone_cell_id: { type: "clone_id", value: clone.clone_id } });
  await admin.deleteCloneCell({ app_id: APP, clone_cell_id: { type: "clone_id", value: clone.clone_id } });
  assert.equal((await app.appInfo()).cell_info.probe.length, 1);
});

await step("admin: grants", async () => {
  const grants = await admin.listCapabilityGrants({ installed_app_id: APP, include_revoked: true });
  const [, granted] = grants.find(([cell]) => Buffer.from(cell[0]).equals(Buffer.from(probe[0])));
  const own = granted.find((grant) => grant.cap_grant.tag === "zome-call-signing-key");
  assert.equal(own.cap_grant.access.access_type, "assigned");
  assert.deepEqual(own.cap_grant.functions, { type: "all" });
});

await step("admin: dumps", async () => {
  const [dump] = await admin.dumpState({ cell_id: probe });
  assert(dump.source_chain_dump.records.length >= 5);
  const full = await admin.dumpFullState({ cell_id: probe });
  assert(full.integration_dump.integrated.length > 0);
  assert.equal((await admin.storageInfo()).blobs.length, 2);
  assert.deepEqual((await admin.dumpNetworkStats()).transport_stats.connections, []);
});

await step("admin: disable and uninstall", async () => {
  await admin.disableApp({ installed_app_id: APP });
  await assert.rejects(call("echo_text", "hello"), refused("internal_error", /CellDisabled/));
  await admin.uninstallApp({ installed_app_id: APP });
  assert.deepEqual(await admin.listApps({}), []);
});

await app.client.close();
await admin.client.close();
