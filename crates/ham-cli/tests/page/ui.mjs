// The window of an app's own page, as a launcher gives it: what is put there is run, and an unmodified client uses it.
import assert from 'node:assert';
import { pathToFileURL } from 'node:url';

const [packages, url] = process.argv.slice(2);
const page = await (await fetch(url)).text();
const script = /<script src="([^"]+)"><\/script>/.exec(page)[1];
assert.ok(page.indexOf(script) < page.indexOf('main.js'), page);
assert.equal((await fetch(new URL(script, url), { headers: { Origin: 'http://evil.example' } })).status, 403);
globalThis.window = globalThis;
const fetched = globalThis.fetch;
globalThis.fetch = (path, options) => fetched(new URL(path, url), options);
(0, eval)(await (await fetch(script)).text());
console.log('the environment is there');
const { AppWebsocket } = await import(pathToFileURL(`${packages}/node_modules/@holochain/client/lib/index.js`));
const client = await AppWebsocket.connect({ wsClientOptions: { origin: 'ham' } });
const call = (fn_name, payload) => client.callZome({ role_name: 'features', zome_name: 'features', fn_name, payload });
const signal = new Promise((resolve) => client.on('signal', resolve));
assert.equal((await call('create_note', 'by the client')).length, 39);
await signal;
assert.equal(await call('increment', 1), 2);
assert.equal((await call('own_activity_local', null).catch(() => 'refused')) !== undefined, true);
const info = await client.appInfo();
console.log(`${info.installed_app_id} calls without a grant`);
await client.client.close();
