//! The scenarios: one for each row of what differs between the releases.

use rmpv::Value;

use crate::player::{App, Player, dna, nowhere};
use crate::transcript::wire;
use crate::wire::{Answer, field, map};

/// Requests that a release knows or not, those that tell a client which release it talks to among them.
pub(crate) async fn known_requests(player: &mut Player) {
    let mut app = player.app("known").await;
    let direct = map! { cell_id: nowhere(&app), tag: "x", constraint: map! { type: "unrestricted" } };
    player.ask("admin: grant direct signals", "grant_direct_signal_capability", direct.clone()).await;
    player.ask_app(&mut app, "app: grant direct signals", "grant_direct_signal_capability", direct).await;
    for filter in
        ["enabled", "disabled", "awaiting_memproofs", "awaiting_restore", "unrecoverable", "stopped"]
    {
        let answer = player.admin.ask("list_apps", map! { status_filter: filter }).await;
        player.kind(&format!("list apps that are {filter}"), &answer);
    }
    let timings = map! { dna_hash: dna(&nowhere(&app)) };
    player.ask_app(&mut app, "app: timings of another's DNA", "dump_op_timings", timings).await;
    let timings = app.wire.ask("dump_op_timings", map! { dna_hash: dna(&app.ledger) }).await;
    player.kind("app: timings", &timings);
    player.ask("admin: a peer's URL that is none", "peer_meta_info", map! { url: "x" }).await;
    player.ask_app(&mut app, "app: a peer's URL that is none", "peer_meta_info", map! { url: "x" }).await;
    let graft = map! { cell_id: app.ledger.clone(), validate: false };
    player.ask("graft nothing at all", "graft_records", graft).await;
    player.ask("unknown everywhere", "launch_missiles", Value::Nil).await;
    player.ask_app(&mut app, "app: unknown everywhere", "launch_missiles", Value::Nil).await;
    let both = map! { type: 1, value: 2 };
    player.ask("a grant of nonsense", "grant_zome_call_capability", both).await;
}

/// A grant from its request to its revocation.
pub(crate) async fn grants(player: &mut Player) {
    let mut app = player.app("grants").await;
    let cell = app.ledger.clone();
    let (credentials, granted) = player.grant(&cell, "the tag", 1).await;
    player.kind("grant", &granted);
    let granted = granted.ok("zome_call_capability_granted");
    for other in ham_devconductor::Release::ALL {
        let cap_grant = credentials.grant(other, "another release's");
        let payload = map! { cell_id: cell.clone(), cap_grant: cap_grant };
        let answer = player.admin.ask("grant_zome_call_capability", payload).await;
        player.kind(&format!("grant in the words of {other}"), &answer);
    }
    let listed =
        |include_revoked: bool| map! { installed_app_id: "grants", include_revoked: include_revoked };
    player.ask("list", "list_capability_grants", listed(false)).await;
    player.ask("list, revoked too", "list_capability_grants", listed(true)).await;
    player.call(&mut app, "call", &credentials, (&cell, "ledger", "total", Value::Nil)).await;
    let revoke = map! { cell_id: cell.clone(), action_hash: granted };
    player.ask("revoke", "revoke_zome_call_capability", revoke).await;
    player.ask("list the rest", "list_capability_grants", listed(false)).await;
    player.ask("list all", "list_capability_grants", listed(true)).await;
    player.ask("revoke nothing", "revoke_zome_call_capability", map! { cell_id: cell.clone() }).await;
    let none = map! { installed_app_id: "none", include_revoked: false };
    player.ask("list of no app", "list_capability_grants", none).await;
    player.ask("uninstall no app", "uninstall_app", map! { installed_app_id: "none", force: false }).await;
    player.ask("enable no app", "enable_app", map! { installed_app_id: "none" }).await;
    let (_, nowhere) = player.grant(&nowhere(&app), "nowhere", 2).await;
    player.answer("grant nowhere", nowhere);
}

/// What a chain takes that is closed.
pub(crate) async fn closed_chain(player: &mut Player) {
    let mut app = player.app("closed").await;
    let cell = app.probe.clone();
    let first = player.enter(&cell, 1).await;
    let create = |id: &str| map! { call_id: id, body: "x" };
    let made = app.wire.ask("call_zome", first.signed((&cell, "probe", "create_item", create("1")))).await;
    player.kind("create", &made);
    let closed =
        app.wire.ask("call_zome", first.signed((&cell, "probe", "close_my_chain", Value::Nil))).await;
    player.kind("close", &closed);
    let (second, granted) = player.grant(&cell, "after the end", 2).await;
    player.kind("grant", &granted);
    player.call(&mut app, "call with it", &second, (&cell, "probe", "echo_text", "heard".into())).await;
    let revoke = map! { cell_id: cell.clone(), action_hash: granted.value };
    let revoked = player.admin.ask("revoke_zome_call_capability", revoke).await;
    player.kind("revoke", &revoked);
    let listed = map! { installed_app_id: "closed", include_revoked: true };
    let listed = player.admin.ask("list_capability_grants", listed).await.ok("capability_grants_info");
    let grants = listed.as_array().unwrap()[0].as_array().unwrap()[1].as_array().unwrap();
    player.note("number of grants", &grants.len().into());
    player.call(&mut app, "call", &first, (&cell, "probe", "echo_text", "still heard".into())).await;
}

/// What a zome may write on a chain that is closed.
pub(crate) async fn closed_chain_of_a_zome(player: &mut Player) {
    let mut app = player.app("closed by a zome").await;
    let cell = app.probe.clone();
    let credentials = player.enter(&cell, 1).await;
    let close = credentials.signed((&cell, "probe", "close_my_chain", Value::Nil));
    app.wire.ask("call_zome", close).await.ok("zome_called");
    let create = (&cell, "probe", "create_item", map! { call_id: "1", body: "x" });
    let created = app.wire.ask("call_zome", credentials.signed(create)).await;
    player.note("created", &(created.kind == "zome_called").into());
}

/// Dumps of a chain and of its operations, whole and in pages.
pub(crate) async fn dumps(player: &mut Player) {
    let mut app = player.app("dumps").await;
    let cell = app.probe.clone();
    let credentials = player.enter(&cell, 1).await;
    let create = credentials.signed((&cell, "probe", "create_item", map! { call_id: "1", body: "x" }));
    app.wire.ask("call_zome", create).await.ok("zome_called");
    dump(player, "whole", map! { cell_id: cell.clone() }).await;
    let cursor = map! { Sequence: 1 };
    dump(player, "a page", map! { cell_id: cell.clone(), source_chain_cursor: cursor, limit: 2 }).await;
    dump(player, "no limit", map! { cell_id: cell.clone(), limit: 0 }).await;
    let nonsense = map! { cell_id: cell.clone(), source_chain_cursor: "x", limit: "x" };
    dump(player, "nonsense", nonsense).await;
    dump(player, "nowhere", map! { cell_id: nowhere(&app) }).await;
    let full = full_dump(player, "all operations", map! { cell_id: cell.clone() }).await;
    let cursor = field(field(&full, "integration_dump"), "dht_ops_cursor").clone();
    player.note("a cursor is a number", &cursor.is_u64().into());
    full_dump(player, "behind the cursor", map! { cell_id: cell.clone(), dht_ops_cursor: cursor }).await;
    let definition = player.admin.ask("get_dna_definition", cell).await.ok("dna_definition_returned");
    player.note("a zome's definition", &shape(&definition));
    let storage = player.admin.ask("storage_info", Value::Nil).await.ok("storage_info");
    // In no order, and of all apps.
    let blob = shape(&field(&storage, "blobs").as_array().unwrap()[0]);
    let mut names: Vec<&str> =
        field(&blob, "value").as_map().unwrap().iter().filter_map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    player.note("storage", &names.join(" ").into());
    let stats = player.admin.ask("dump_network_stats", Value::Nil).await.ok("network_stats_dumped");
    player.note("network", &shape(&stats));
    let stats = app.wire.ask("dump_network_stats", Value::Nil).await.ok("network_stats_dumped");
    player.note("network of the app", &shape(&stats));
}

async fn dump(player: &mut Player, step: &str, payload: Value) {
    let answer = player.admin.ask("dump_state", payload).await;
    let Answer { kind, value } = &answer;
    if kind != "state_dumped" {
        player.answer(step, answer);
        return;
    }
    let (state, summary): (serde_json::Value, String) =
        serde_json::from_str(value.as_str().unwrap()).unwrap();
    player.note(step, &wire(&state["source_chain_dump"]["records"]));
    let records = summary.lines().find_map(|line| line.strip_prefix("Records ")?.split(',').next());
    player.note(&format!("{step}, in words"), &records.unwrap().into());
}

async fn full_dump(player: &mut Player, step: &str, payload: Value) -> Value {
    // What was committed may still be on its way into the DHT.
    loop {
        let full = player.admin.ask("dump_full_state", payload.clone()).await.ok("full_state_dumped");
        let stages = field(&full, "integration_dump");
        let waiting = ["validation_limbo", "integration_limbo"];
        if waiting.iter().all(|stage| field(stages, stage).as_array().unwrap().is_empty()) {
            let operations = field(stages, "integrated").as_array().unwrap().clone();
            player.note_set(step, &operations);
            return full;
        }
    }
}

/// What is said of a cell that is off.
pub(crate) async fn cells_off(player: &mut Player) {
    let mut app = player.app("off").await;
    let clone = map! { role_name: "probe", modifiers: map! { network_seed: "a clone" } };
    let clone = app.wire.ask("create_clone_cell", clone).await.ok("clone_cell_created");
    let id = map! { clone_cell_id: map! { type: "clone_id", value: field(&clone, "clone_id").clone() } };
    app.wire.ask("disable_clone_cell", id).await.ok("clone_cell_disabled");
    let (_, answer) = player.grant(field(&clone, "cell_id"), "to a clone that is off", 2).await;
    player.answer("grant in a clone", answer);
    let cell = app.ledger.clone();
    let credentials = player.enter(&cell, 1).await;
    player.admin.ask("disable_app", map! { installed_app_id: "off" }).await.ok("app_disabled");
    player.call(&mut app, "call", &credentials, (&cell, "ledger", "total", Value::Nil)).await;
    let (_, answer) = player.grant(&cell, "to a cell that is off", 2).await;
    player.answer("grant", answer);
    let answer = player.admin.ask("dump_state", map! { cell_id: cell.clone() }).await;
    player.kind("dump", &answer);
    let answer = player.admin.ask("dump_full_state", map! { cell_id: cell.clone() }).await;
    player.kind("full dump", &answer);
    player.ask_app(&mut app, "enable by the app", "enable_app", Value::Nil).await;
    let App { id, .. } = &app;
    let mut payload = player.payload("restored");
    payload.push(("restore_from_dht".into(), true.into()));
    let answer = player.admin.ask("install_app", Value::Map(payload)).await;
    player.kind("restore without a key", &answer);
    player.admin.ask("uninstall_app", map! { installed_app_id: id.as_str(), force: false }).await;
    let answer = player.admin.ask("list_apps", map! { status_filter: "disabled" }).await;
    player.kind("list", &answer);
}

/// What a client hears.
pub(crate) async fn signals(player: &mut Player) {
    let mut app = player.app("signals").await;
    let cell = app.probe.clone();
    let credentials = player.enter(&cell, 1).await;
    // Of the commit of `init`.
    app.wire.hear().await;
    let signal = || {
        let bytes = Value::Array([1, 2, 3].map(Value::from).to_vec());
        map! { dna_hash: dna(&cell), agents: vec![app.agent.clone()], signal: bytes }
    };
    let sent = signal();
    let answer = player.ask_app(&mut app, "direct", "send_direct_signal", sent).await;
    if answer.kind == "ok" && player.release != ham_devconductor::Release::V0_7_1 {
        let heard = app.wire.hear().await;
        player.note("heard directly", &heard);
    }
    let mut nobody = map! { dna_hash: dna(&cell), signal: vec![Value::from(1)] };
    if let Value::Map(fields) = &mut nobody {
        fields.push(("agents".into(), Value::Array(vec![])));
    }
    player.ask_app(&mut app, "direct to nobody", "send_direct_signal", nobody).await;
    let emit = credentials.signed((&cell, "probe", "emit", "to all".into()));
    app.wire.ask("call_zome", emit).await.ok("zome_called");
    let heard = app.wire.hear().await;
    player.note("heard", &heard);
}

/// A value without what it says: names of fields, and what kind of value they have.
fn shape(value: &Value) -> Value {
    match value {
        Value::Map(fields) => {
            Value::Map(fields.iter().map(|(key, value)| (key.clone(), shape(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(shape).collect()),
        Value::Binary(_) => "bytes".into(),
        Value::Integer(_) => "number".into(),
        Value::String(text) if text.as_str().is_some_and(|text| text == "none" || text == "iroh") => {
            "text".into()
        }
        other => other.clone(),
    }
}
