//! Clones of a role.

use holochain_client::ClonedCell;
use holochain_types::app::{
    CreateCloneCellPayload, DeleteCloneCellPayload, DisableCloneCellPayload, EnableCloneCellPayload,
};
use holochain_types::prelude::{
    CloneCellId, CloneId, CreateCloneCellInput, DeleteCloneCellInput, DisableCloneCellInput,
};

use crate::app::App;
use crate::scenarios::install::{modifiers, properties};
use crate::stage::Stage;

fn payload(role: &str, seed: Option<&str>) -> CreateCloneCellPayload {
    CreateCloneCellPayload {
        role_name: role.to_owned(),
        modifiers: modifiers(seed, None),
        membrane_proof: None,
        name: None,
    }
}

async fn create(
    stage: &mut Stage,
    step: &str,
    app: &App,
    payload: CreateCloneCellPayload,
) -> Option<ClonedCell> {
    let made = app.client.create_clone_cell(payload).await;
    stage.answer(step, made)
}

async fn disable(stage: &mut Stage, step: &str, app: &App, id: &CloneCellId) {
    let disabled = app.client.disable_clone_cell(DisableCloneCellPayload { clone_cell_id: id.clone() }).await;
    stage.answer(step, disabled);
}

async fn enable(stage: &mut Stage, step: &str, app: &App, id: &CloneCellId) {
    let enabled = app.client.enable_clone_cell(EnableCloneCellPayload { clone_cell_id: id.clone() }).await;
    stage.answer(step, enabled);
}

async fn delete(stage: &mut Stage, step: &str, app: &App, id: &CloneCellId) {
    let payload = DeleteCloneCellPayload { app_id: app.id.clone(), clone_cell_id: id.clone() };
    let deleted = stage.admin.delete_clone_cell(payload).await;
    stage.answer(step, deleted);
    // One that is refused may have ended the connection.
    stage.renew().await;
}

pub(crate) async fn clones_by_client(stage: &mut Stage) {
    let (app, zome) = stage.probe().await;
    let clone = create(stage, "create", &app, payload("probe", Some("clone"))).await.unwrap();
    let id = CloneCellId::CloneId(clone.clone_id.clone());
    let inside = stage.enter_cell(&app, clone.cell_id.clone(), "probe").await;
    stage.call(&inside, "whoami", ()).await;
    stage.call(&inside, "count_items", ()).await;
    enable(stage, "enable what is", &app, &id).await;
    disable(stage, "disable", &app, &id).await;
    stage.call(&inside, "echo_text", "disabled").await;
    disable(stage, "disable again", &app, &id).await;
    let info = app.client.app_info().await;
    stage.answer("info", info);
    let cells = stage.admin.list_cell_ids().await.unwrap();
    stage.note("listed", cells.contains(&clone.cell_id));
    enable(stage, "enable", &app, &CloneCellId::DnaHash(clone.cell_id.dna_hash().clone())).await;
    stage.call(&inside, "echo_text", "enabled").await;
    delete(stage, "delete what is enabled", &app, &id).await;
    disable(stage, "disable by hash", &app, &CloneCellId::DnaHash(clone.cell_id.dna_hash().clone())).await;
    delete(stage, "delete", &app, &id).await;
    delete(stage, "delete again", &app, &id).await;
    enable(stage, "enable what is deleted", &app, &id).await;
    stage.call(&inside, "echo_text", "deleted").await;
    create(stage, "create the same again", &app, payload("probe", Some("clone"))).await;
    stage.call(&zome, "echo_text", "the original").await;
}

pub(crate) async fn clone_errors(stage: &mut Stage) {
    let (app, _) = stage.probe().await;
    create(stage, "no modifiers", &app, payload("probe", None)).await;
    create(stage, "unknown role", &app, payload("nobody", Some("a"))).await;
    create(stage, "a role without clones", &app, payload("ledger", Some("a"))).await;
    create(stage, "the seed it has", &app, payload("probe", Some("clone_errors"))).await;
    for seed in ["a", "a", "b", "c", "d", "e"] {
        create(stage, &format!("seed {seed}"), &app, payload("probe", Some(seed))).await;
    }
    for (step, id) in [
        ("unknown", CloneCellId::CloneId(CloneId::new(&"probe".to_owned(), 17))),
        ("of an unknown role", CloneCellId::CloneId(CloneId::new(&"nobody".to_owned(), 0))),
        ("of an unknown DNA", CloneCellId::DnaHash(holo_hash::DnaHash::from_raw_32(vec![1; 32]))),
        ("of the original", CloneCellId::DnaHash(app.cell("probe").dna_hash().clone())),
    ] {
        disable(stage, &format!("disable, {step}"), &app, &id).await;
        enable(stage, &format!("enable, {step}"), &app, &id).await;
        delete(stage, &format!("delete, {step}"), &app, &id).await;
    }
    let payload = DeleteCloneCellPayload {
        app_id: "no such app".to_owned(),
        clone_cell_id: CloneCellId::CloneId(CloneId::new(&"probe".to_owned(), 0)),
    };
    let deleted = stage.admin.delete_clone_cell(payload).await;
    stage.answer("delete in no app", deleted);
}

pub(crate) async fn clone_hashes(stage: &mut Stage) {
    let (app, _) = stage.features().await;
    let with = |seed, json: serde_json::Value| CreateCloneCellPayload {
        modifiers: modifiers(seed, Some(properties(json))),
        ..payload("twin", None)
    };
    let named = CreateCloneCellPayload { name: Some("a name".to_owned()), ..payload("twin", Some("named")) };
    for (step, payload) in [
        ("a seed", payload("twin", Some("seed"))),
        ("properties", with(None, serde_json::json!({"a": 1}))),
        ("both", with(Some("seed"), serde_json::json!({"a": [1, 2.5, "x"]}))),
        ("a name", named),
    ] {
        let made = create(stage, step, &app, payload).await.unwrap();
        stage.note("the hash itself", made.cell_id.dna_hash().to_string());
    }
}

pub(crate) async fn clones_by_zome(stage: &mut Stage) {
    let (app, zome) = stage.features().await;
    let input = |seed: Option<&str>| CreateCloneCellInput {
        cell_id: app.cell("twin"),
        modifiers: modifiers(seed, None),
        membrane_proof: None,
        name: Some("by zome".to_owned()),
    };
    stage.call(&zome, "clone_create", input(None)).await;
    let made: ClonedCell = stage.get(&zome, "clone_create", input(Some("zome"))).await;
    stage.call(&zome, "clone_create", input(Some("zome"))).await;
    let id = CloneCellId::CloneId(made.clone_id.clone());
    let named = |id: &CloneCellId| DisableCloneCellInput { clone_cell_id: id.clone() };
    stage.call(&zome, "clone_disable", named(&id)).await;
    stage.call(&zome, "clone_disable", named(&id)).await;
    stage.call(&zome, "clone_enable", named(&id)).await;
    stage.call(&zome, "clone_disable", named(&id)).await;
    stage.call(&zome, "clone_delete", DeleteCloneCellInput { clone_cell_id: id.clone() }).await;
    stage.call(&zome, "clone_enable", named(&id)).await;
    let mut elsewhere = input(Some("elsewhere"));
    elsewhere.cell_id = holochain_types::prelude::CellId::new(
        holo_hash::DnaHash::from_raw_32(vec![1; 32]),
        app.agent.clone(),
    );
    stage.call(&zome, "clone_create", elsewhere).await;
    let info = app.client.app_info().await;
    stage.answer("info", info);
}
