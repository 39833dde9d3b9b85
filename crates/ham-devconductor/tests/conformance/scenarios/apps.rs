//! The life of an installed app.

use holo_hash::{AgentPubKey, DnaHash};
use holochain_client::AppStatusFilter;
use holochain_types::app::{CoordinatorSource, UpdateCoordinatorsPayload};
use holochain_types::dna::CoordinatorBundle;
use holochain_types::prelude::{CellId, CoordinatorManifest};

use crate::app::Zome;
use crate::stage::Stage;

/// The status of an app as the list of apps has it.
async fn status(stage: &mut Stage, step: &str, id: &str) {
    let apps = stage.admin.list_apps(None).await.unwrap();
    let app = apps.into_iter().find(|app| app.installed_app_id == id);
    stage.note(step, app.map(|app| app.status));
}

pub(crate) async fn app_states(stage: &mut Stage) {
    let payload = stage.payload("probe.happ", "app");
    let installed = stage.admin.install_app(payload).await.unwrap();
    let id = installed.installed_app_id.clone();
    stage.note("installed", &installed);
    let app = stage.connect(&id).await;
    let cells = stage.admin.list_cell_ids().await.unwrap();
    stage.note("a cell is listed", cells.contains(&app.cell("probe")));
    for _ in 0..2 {
        let enabled = stage.admin.enable_app(id.clone()).await;
        stage.answer("enable", enabled);
    }
    let cells = stage.admin.list_cell_ids().await.unwrap();
    stage.note("a cell is listed", cells.contains(&app.cell("probe")));
    let zome = stage.enter(&app, "probe", "probe").await;
    stage.call(&zome, "echo_text", "enabled").await;
    for _ in 0..2 {
        let disabled = stage.admin.disable_app(id.clone()).await;
        stage.answer("disable", disabled);
        status(stage, "status", &id).await;
        stage.call(&zome, "echo_text", "disabled").await;
    }
    stage.grant("grant in a disabled app", &zome.cell).await;
    let info = app.client.app_info().await;
    stage.answer("info of a disabled app", info);
    let enabled = app.client.enable_app().await;
    stage.answer("enabled by a client", enabled);
    for filter in [AppStatusFilter::Enabled, AppStatusFilter::Disabled, AppStatusFilter::AwaitingMemproofs] {
        let step = format!("listed as {filter:?}");
        let listed = stage.admin.list_apps(Some(filter)).await.unwrap();
        stage.note(&step, listed.iter().any(|app| app.installed_app_id == id));
    }
    let enabled = stage.admin.enable_app(id.clone()).await;
    stage.answer("enable again", enabled);
    stage.call(&zome, "echo_text", "enabled again").await;
}

pub(crate) async fn app_errors(stage: &mut Stage) {
    let none = || "no such app".to_owned();
    let enabled = stage.admin.enable_app(none()).await;
    stage.answer("enable", enabled);
    let disabled = stage.admin.disable_app(none()).await;
    stage.answer("disable", disabled);
    for force in [false, true] {
        let gone = stage.admin.uninstall_app(none(), force).await;
        stage.answer("uninstall", gone);
    }
    let cell = CellId::new(DnaHash::from_raw_32(vec![1; 32]), AgentPubKey::from_raw_32(vec![1; 32]));
    let definition = stage.admin.get_dna_definition(cell.clone()).await;
    stage.answer("definition of no DNA", definition);
    let state = stage.admin.dump_state(cell.clone(), None, None).await;
    stage.answer("state of no cell", state);
    let state = stage.admin.dump_full_state(cell.clone(), None, None).await;
    stage.answer("full state of no cell", state.map(|_| ()));
    let timings = stage.admin.dump_op_timings(cell.dna_hash().clone(), None, None).await;
    stage.answer("timings of no DNA", timings.map(|_| ()));
    let port = stage
        .admin
        .attach_app_interface(stage.admin_port, None, holochain_client::AllowedOrigins::Any, None)
        .await;
    stage.note("a port that is taken", port.is_err());
}

pub(crate) async fn uninstalled(stage: &mut Stage) {
    let (app, zome) = stage.probe().await;
    stage.call(&zome, "echo_text", "installed").await;
    let gone = stage.admin.uninstall_app(app.id.clone(), false).await;
    stage.answer("uninstall", gone);
    status(stage, "status", &app.id).await;
    let cells = stage.admin.list_cell_ids().await.unwrap();
    stage.note("a cell is listed", cells.contains(&zome.cell));
    stage.call(&zome, "echo_text", "gone").await;
    let info = app.client.app_info().await;
    stage.answer("info", info);
    let enabled = app.client.enable_app().await;
    stage.answer("enabled by a client", enabled);
    let dump = stage.admin.dump_state(zome.cell.clone(), None, None).await;
    stage.answer("state", dump.map(drop));
    // The key stays and can be used again; the id is free.
    let mut payload = stage.payload("probe.happ", "app");
    payload.agent_key = Some(app.agent.clone());
    let again = stage.admin.install_app(payload).await;
    stage.answer("installed again with its key", again);
    let payload = stage.payload("probe.happ", "app");
    let again = stage.admin.install_app(payload).await;
    stage.answer("installed again", again.map(|app| app.status));
}

pub(crate) async fn calls_to_nowhere(stage: &mut Stage) {
    let (app, zome) = stage.probe().await;
    stage.call(&zome, "no_such_function", ()).await;
    stage.call(&zome.beside("no_such_zome"), "echo_text", "text").await;
    stage.call(&zome.beside("probe_integrity"), "validate", ()).await;
    stage.call(&zome.beside("probe_integrity"), "entry_defs", ()).await;
    for callback in
        ["init", "post_commit", "entry_defs", "__num_entry_types", "__hc__allocate_1", "memory", ""]
    {
        stage.call(&zome, callback, ()).await;
    }
    let elsewhere = |cell: CellId| Zome { cell, ..zome.clone() };
    let no_dna = CellId::new(DnaHash::from_raw_32(vec![1; 32]), app.agent.clone());
    stage.call(&elsewhere(no_dna), "echo_text", "text").await;
    let no_agent = CellId::new(zome.cell.dna_hash().clone(), AgentPubKey::from_raw_32(vec![1; 32]));
    stage.call(&elsewhere(no_agent), "echo_text", "text").await;
    // A cell of another app, over this one's interface.
    let other = stage.install("probe.happ", "other").await;
    let there = stage.enter(&other, "probe", "probe").await;
    let through = Zome { client: app.client.clone(), ..there.clone() };
    stage.call(&through, "echo_text", "another app's cell").await;
    stage.call(&there, "echo_text", "its own").await;
}

pub(crate) async fn coordinators(stage: &mut Stage) {
    let (_, zome) = stage.probe().await;
    stage.call(&zome, "echo_text", "before").await;
    let update = |cell: &CellId, zomes: serde_json::Value, wasms: Vec<(String, Vec<u8>)>| {
        let manifest: CoordinatorManifest = serde_json::from_value(zomes).unwrap();
        let wasms = wasms.into_iter().map(|(id, wasm)| (id, wasm.into()));
        let bundle: CoordinatorBundle = mr_bundle::Bundle::new(manifest, wasms).unwrap().into();
        UpdateCoordinatorsPayload {
            cell_id: cell.clone(),
            source: CoordinatorSource::Bundle(Box::new(bundle)),
        }
    };
    let none = || serde_json::json!({ "zomes": [] });
    let one = |dependency: &str| {
        serde_json::json!({ "zomes": [
            { "name": "extra", "hash": null, "path": "extra.wasm", "dependencies": [{ "name": dependency }] }
        ] })
    };
    let module = |text: &str| vec![("extra.wasm".to_owned(), wat::parse_str(text).unwrap())];
    let protocol = r#"(module (memory (export "memory") 1)
        (func (export "__hc__allocate_1") (param i32) (result i32) (i32.const 16))
        (func (export "__hc__deallocate_1") (param i32 i32))
        (func (export "nothing") (param i32 i32) (result i64) (i64.const 0)))"#;
    let nowhere = CellId::new(DnaHash::from_raw_32(vec![1; 32]), zome.cell.agent_pubkey().clone());
    for (step, payload) in [
        ("no zomes", update(&zome.cell, none(), vec![])),
        ("no such cell", update(&nowhere, none(), vec![])),
        ("no such dependency", update(&zome.cell, one("nothing"), module(protocol))),
        ("another zome", update(&zome.cell, one("probe_integrity"), module(protocol))),
    ] {
        let updated = stage.admin.update_coordinators(payload).await;
        stage.answer(step, updated);
        stage.call(&zome, "echo_text", "after").await;
    }
    for function in ["nothing", "no_such_function"] {
        stage.call(&zome.beside("extra"), function, ()).await;
    }
    let without_protocol = update(&zome.cell, one("probe_integrity"), module("(module)"));
    let updated = stage.admin.update_coordinators(without_protocol).await;
    stage.answer("a zome that cannot run", updated);
    let exports = r#"(memory (export "memory") 1)
        (func (export "__hc__deallocate_1") (param i32 i32))
        (func (export "nothing") (param i32 i32) (result i64) (i64.const 0))"#;
    let allocate = r#"(func (export "__hc__allocate_1") (param i32) (result i32) (i32.const 16))"#;
    let import =
        |name: &str| format!(r#"(import "env" "__hc__{name}_1" (func (param i32 i32) (result i64)))"#);
    for text in [
        format!("(module {exports})"),
        format!("(module {exports} {})", allocate.replace("(result i32) (i32.const 16)", "")),
        format!("(module {} {exports} {allocate})", import("accept_countersigning_preflight_request")),
        format!("(module {} {exports} {allocate})", import("sleep")),
        format!("(module {} (import \"x\" \"y\" (func (param f32))) {exports} {allocate})", import("create")),
    ] {
        let payload = update(&zome.cell, one("probe_integrity"), module(&text));
        let updated = stage.admin.update_coordinators(payload).await;
        stage.answer("a zome that cannot be run", updated);
        stage.call(&zome.beside("extra"), "nothing", ()).await;
    }
    let path = UpdateCoordinatorsPayload {
        cell_id: zome.cell.clone(),
        source: CoordinatorSource::Path("/no/such/bundle".into()),
    };
    let updated = stage.admin.update_coordinators(path).await;
    stage.answer("no such file", updated);
    let definition = stage.admin.get_dna_definition(zome.cell.clone()).await.unwrap();
    let names: Vec<String> = definition.coordinator_zomes.iter().map(|(name, _)| name.to_string()).collect();
    stage.note("zomes", names);
}
