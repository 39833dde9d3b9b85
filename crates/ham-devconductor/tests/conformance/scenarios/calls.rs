//! Calls from inside a call.

use holo_hash::{AgentPubKey, DnaHash};
use holochain_types::prelude::CellId;
use rmpv::Value;

use crate::stage::Stage;
use crate::value::{encoded, map};

fn request(target: Value, zome: &str, function: &str, input: impl serde::Serialize) -> Value {
    map! { target: target, zome: zome, function: function, cap_secret: (), payload: encoded(input) }
}

fn local() -> Value {
    "Local".into()
}

fn role(name: &str) -> Value {
    map! { Role: name }
}

pub(crate) async fn calls_between_zomes(stage: &mut Stage) {
    let (_, zome) = stage.features().await;
    for (target, name, function, input) in [
        (local(), "mirror", "create_note", Value::from("by mirror")),
        (local(), "mirror", "info_call", Value::Nil),
        (local(), "mirror", "guest_error", "inside".into()),
        (local(), "mirror", "create_note", 7.into()),
        (local(), "mirror", "create_note", "invalid".into()),
        (local(), "mirror", "trap_by_panic", Value::Nil),
        (local(), "mirror", "no_such_function", Value::Nil),
        (local(), "no_such_zome", "nothing", Value::Nil),
        (local(), "features_integrity", "entry_defs", Value::Nil),
        (local(), "features", "init", Value::Nil),
        (local(), "bare", "bare_echo", "bare".into()),
    ] {
        stage.say("asked", &format!("{name} {function}"));
        stage.call(&zome, "call_any", request(target, name, function, input)).await;
    }
}

pub(crate) async fn calls_between_cells(stage: &mut Stage) {
    let (app, zome) = stage.features().await;
    let other = stage.install("features.happ", "other").await;
    let cell = |cell: &CellId| map! { Cell: cell };
    let no_dna = CellId::new(DnaHash::from_raw_32(vec![1; 32]), app.agent.clone());
    for (step, target, function, input) in [
        ("role", role("twin"), "create_note", Value::from("in the twin")),
        ("who calls", role("twin"), "info_call", Value::Nil),
        ("error there", role("twin"), "guest_error", "there".into()),
        ("invalid there", role("twin"), "create_note", "invalid".into()),
        ("panic there", role("twin"), "trap_by_panic", Value::Nil),
        ("unknown function there", role("twin"), "no_such_function", Value::Nil),
        ("init fails there", role("refused"), "nothing", Value::Nil),
        ("unknown role", role("nobody"), "nothing", Value::Nil),
        ("its own role", role("features"), "create_note", "in itself".into()),
        ("its own cell", cell(&app.cell("features")), "create_note", "in itself".into()),
        ("cell", cell(&app.cell("twin")), "create_note", "by its cell".into()),
        ("another app's cell", cell(&other.cell("features")), "create_note", "from outside".into()),
        ("no such cell", cell(&no_dna), "nothing", Value::Nil),
    ] {
        stage.say("asked", step);
        stage.call(&zome, "call_any", request(target, "features", function, input)).await;
    }
    let records: Vec<Value> = zome.quiet("query_chain", super::validation::query()).await;
    stage.note("records", records.len());
    let probe = stage.install("probe.happ", "probe").await;
    let items = stage.enter(&probe, "probe", "probe").await;
    stage.call(&items, "call_ledger", map! { call_id: "a", amount: 3 }).await;
    let there =
        map! { cell_id: other.cell("features"), zome: "features", function: "nothing", payload: encoded(()) };
    stage.call(&items, "call_other_cell", there).await;
    stage.admin.disable_app(other.id.clone()).await.unwrap();
    let there =
        map! { cell_id: other.cell("features"), zome: "features", function: "nothing", payload: encoded(()) };
    stage.call(&items, "call_other_cell", there).await;
}

pub(crate) async fn nested_calls(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    for depth in [0, 1, 5, 20] {
        stage.call(&zome, "call_nested", depth).await;
    }
}

pub(crate) async fn many_calls(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    let note = |text: &str| request(local(), "mirror", "create_note", text);
    stage.call(&zome, "call_many", Vec::<Value>::new()).await;
    stage
        .call(&zome, "call_many", vec![note("one"), request(role("twin"), "features", "increment", 4)])
        .await;
    stage
        .call(&zome, "call_many", vec![note("three"), request(local(), "mirror", "guest_error", "failed")])
        .await;
    let records: Vec<Value> = zome.quiet("query_chain", super::validation::query()).await;
    stage.note("records", records.len());
}

pub(crate) async fn remote_calls(stage: &mut Stage) {
    let (app, zome) = stage.features().await;
    let peer = stage.install("features.happ", "peer").await;
    let there = stage.enter(&peer, "features", "features").await;
    there.quiet::<()>("nothing", ()).await;
    stage.wait_for_agents(&zome.cell, 2).await;
    stage.call(&zome, "call_peer_echo", &peer.agent).await;
    stage.call(&zome, "call_peer_echo", &app.agent).await;
    stage.call(&zome, "call_peer_echo", AgentPubKey::from_raw_32(vec![1; 32])).await;
    for (function, input) in [
        ("create_note", Value::from("not granted")),
        ("no_such_function", Value::Nil),
        ("echo_to_peer", 7.into()),
    ] {
        stage.say("asked", function);
        stage.call(&zome, "call_any", request(map! { Agent: peer.agent }, "features", function, input)).await;
    }
    stage.call(&zome, "call_any", request(map! { Agent: peer.agent }, "no_such_zome", "nothing", ())).await;
    let note: holo_hash::ActionHash = there.quiet("create_note", "seen by both").await;
    stage.call(&zome, "get_record_local", note).await;
}
