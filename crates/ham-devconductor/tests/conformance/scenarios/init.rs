//! What a cell's first call runs into.

use crate::app::App;
use crate::scenarios::install::{modifiers, properties, provisioned, roles};
use crate::scenarios::validation::query;
use crate::stage::Stage;

/// An app whose role `twin` has these DNA properties.
async fn with_init(stage: &mut Stage, name: &str, init: serde_json::Value) -> App {
    let mut payload = stage.payload("features.happ", name);
    let json = serde_json::json!({ "init": init });
    payload.roles_settings =
        roles(vec![("twin", provisioned(None, Some(modifiers(None, Some(properties(json)))), None))]);
    stage.install_with(payload).await
}

pub(crate) async fn init_fails(stage: &mut Stage) {
    let app = stage.install("features.happ", "app").await;
    let refused = stage.enter(&app, "refused", "features").await;
    for _ in 0..2 {
        stage.call(&refused, "nothing", ()).await;
    }
    stage.call(&refused.beside("bare"), "bare_echo", 1).await;
    for (name, outcome) in [
        ("invalid", serde_json::json!({"features": {"Invalid": "no"}})),
        ("error", serde_json::json!({"mirror": {"Error": "cannot"}})),
        ("panic", serde_json::json!({"mirror": {"Panic": "trapped"}})),
        ("unreadable", serde_json::json!(7)),
    ] {
        let app = with_init(stage, name, outcome).await;
        let zome = stage.enter(&app, "twin", "features").await;
        for _ in 0..2 {
            stage.call(&zome, "nothing", ()).await;
        }
        let dump = stage.admin.dump_state(zome.cell.clone(), None, None).await.unwrap();
        let dump: (serde_json::Value, String) = serde_json::from_str(&dump).unwrap();
        stage.note("records", dump.0["source_chain_dump"]["records"].as_array().map(Vec::len));
    }
}

pub(crate) async fn init_unresolved(stage: &mut Stage) {
    for (name, outcome) in [
        ("first", serde_json::json!({"features": {"Unresolved": []}})),
        ("second", serde_json::json!({"mirror": {"Unresolved": []}})),
        ("both", serde_json::json!({"features": {"Unresolved": []}, "mirror": {"Unresolved": []}})),
    ] {
        let app = with_init(stage, name, outcome).await;
        let zome = stage.enter(&app, "twin", "features").await;
        for _ in 0..2 {
            stage.call(&zome, "create_note", "not yet").await;
        }
    }
}

pub(crate) async fn init_again(stage: &mut Stage) {
    let (_, zome) = stage.features().await;
    for _ in 0..2 {
        stage.call(&zome, "init", ()).await;
    }
    stage.call(&zome.beside("mirror"), "init", "with an argument").await;
    let records: Vec<rmpv::Value> = zome.quiet("query_chain", query()).await;
    stage.note("records", records.len());
    stage.call(&zome, "no_such_function", ()).await;
}

pub(crate) async fn init_writes(stage: &mut Stage) {
    let (app, zome) = stage.features().await;
    stage.call(&zome, "query_chain", query().include_entries(true)).await;
    stage.signals("of init", &app, 2).await;
    // A function that is not there runs `init` all the same.
    let mirror = stage.enter(&app, "twin", "features").await;
    stage.call(&mirror, "no_such_function", ()).await;
    let records: Vec<rmpv::Value> = mirror.quiet("query_chain", query()).await;
    stage.note("records", records.len());
}
