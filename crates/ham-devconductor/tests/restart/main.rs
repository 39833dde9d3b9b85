//! What a data directory keeps across restarts, and what it does not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod going_back;
mod kept;
mod ports;
mod private;
#[path = "../support/mod.rs"]
mod support;

use ham_devconductor::{Config, DevConductor};
use holochain_client::{AppWebsocket, ZomeCallTarget};
use holochain_types::app::CreateCloneCellPayload;
use holochain_types::prelude::{ActionHash, ClonedCell, DnaModifiersOpt};
use serde_json::json;
use support::call;

async fn start(directory: &tempfile::TempDir) -> DevConductor {
    DevConductor::start_with(Config::default().with_data(directory.path())).await.unwrap()
}

async fn clone(client: &AppWebsocket, seed: &str) -> ClonedCell {
    let payload = CreateCloneCellPayload {
        role_name: "probe".to_owned(),
        modifiers: DnaModifiersOpt::none().with_network_seed(seed.to_owned()),
        membrane_proof: None,
        name: Some(format!("the clone {seed}")),
    };
    client.create_clone_cell(payload).await.unwrap()
}

async fn create(client: &AppWebsocket, cell: impl Into<ZomeCallTarget>, id: &str) -> ActionHash {
    call(client, cell, "create_item", json!({ "call_id": id, "body": "kept" })).await.unwrap()
}

async fn ids(client: &AppWebsocket, cell: impl Into<ZomeCallTarget>) -> Vec<String> {
    #[derive(Debug, serde::Deserialize)]
    struct Item {
        call_id: String,
    }
    let items: Vec<Item> = call(client, cell, "list_items", ()).await.unwrap();
    items.into_iter().map(|item| item.call_id).collect()
}
