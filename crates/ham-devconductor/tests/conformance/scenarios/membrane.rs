//! Proofs of membership.

use std::collections::HashMap;
use std::sync::Arc;

use holochain_types::app::MemproofMap;
use holochain_types::prelude::SerializedBytes;

use crate::app::App;
use crate::scenarios::install::{bytes, provisioned, roles};
use crate::stage::Stage;
use crate::value::map;

fn code(code: &str) -> SerializedBytes {
    bytes(map! { code: code })
}

fn proofs(proofs: Vec<(&str, SerializedBytes)>) -> MemproofMap {
    proofs.into_iter().map(|(role, proof)| (role.to_owned(), Arc::new(proof))).collect()
}

async fn status(stage: &mut Stage, app: &App) {
    let info = app.client.app_info().await.unwrap().unwrap();
    stage.note("status", info.status);
}

async fn deferred(stage: &mut Stage, name: &str) -> App {
    let payload = stage.payload("probe-memproof.happ", name);
    let installed = stage.admin.install_app(payload).await;
    let installed = stage.answer(name, installed).unwrap();
    stage.connect(&installed.installed_app_id).await
}

pub(crate) async fn deferred_proofs(stage: &mut Stage) {
    let app = deferred(stage, "app").await;
    status(stage, &app).await;
    let enabled = app.client.enable_app().await;
    stage.answer("enabled by a client", enabled);
    let enabled = stage.admin.enable_app(app.id.clone()).await.map(drop);
    stage.answer("enabled by an administrator", enabled);
    stage.grant("grant", &app.cell("probe")).await;
    let provided = app.client.provide_memproofs(proofs(vec![("probe", code("probe-member"))])).await;
    stage.answer("provide", provided);
    status(stage, &app).await;
    let provided = app.client.provide_memproofs(HashMap::new()).await;
    stage.answer("provide again", provided);
    let enabled = app.client.enable_app().await;
    stage.answer("enable", enabled);
    status(stage, &app).await;
    let zome = stage.enter(&app, "probe", "probe").await;
    stage.call(&zome, "whoami", ()).await;
}

pub(crate) async fn wrong_proofs(stage: &mut Stage) {
    for (name, given) in [
        ("another code", vec![("probe", code("wrong"))]),
        ("no map", vec![("probe", bytes(7))]),
        ("none", vec![]),
        ("of an unknown role", vec![("nobody", code("probe-member"))]),
        ("of another role", vec![("ledger", code("probe-member"))]),
    ] {
        let app = deferred(stage, name).await;
        let provided = app.client.provide_memproofs(proofs(given)).await;
        stage.answer("provide", provided);
        status(stage, &app).await;
        let enabled = app.client.enable_app().await;
        stage.answer("enable", enabled);
        let provided = app.client.provide_memproofs(proofs(vec![("probe", code("probe-member"))])).await;
        stage.answer("provide the right one", provided);
        status(stage, &app).await;
    }
}

pub(crate) async fn proofs_at_installation(stage: &mut Stage) {
    for (name, role, proof) in [
        ("right", "probe", Some(code("probe-member"))),
        ("wrong", "probe", Some(code("wrong"))),
        ("of the other role only", "ledger", Some(code("any"))),
        ("of no role", "nobody", Some(code("probe-member"))),
    ] {
        let mut payload = stage.payload("probe-memproof.happ", name);
        payload.roles_settings = roles(vec![(role, provisioned(proof, None, None))]);
        let installed = stage.admin.install_app(payload).await;
        stage.answer(name, installed.map(|app| app.status));
    }
    let app = stage.install("probe.happ", "nobody asks").await;
    let provided = app.client.provide_memproofs(HashMap::new()).await;
    stage.answer("provide where nobody asks", provided);
    status(stage, &app).await;
}
