//! The cases of its `tests/clone_cell.rs`.

use holochain_client::{AppWebsocket, ClonedCell, ConductorApiError, ConductorApiResult};
use holochain_types::app::{
    CreateCloneCellPayload, DeleteCloneCellPayload, DisableCloneCellPayload, EnableCloneCellPayload,
};
use holochain_types::prelude::{CloneCellId, CloneId, DnaModifiersOpt};

use super::support::{authorize, call, connect, install, shared};

async fn create(client: &AppWebsocket, seed: &str) -> ConductorApiResult<ClonedCell> {
    let payload = CreateCloneCellPayload {
        role_name: "probe".to_owned(),
        modifiers: DnaModifiersOpt::none().with_network_seed(seed.to_owned()),
        membrane_proof: None,
        name: None,
    };
    client.create_clone_cell(payload).await
}

#[test]
fn clone_cell_management() {
    shared(async |shared| {
        let admin = shared.admin().await;
        let app = install(&admin, "probe.happ", "clones").await;
        let (client, signer) = connect(&admin, "clones").await;
        let clone = create(&client, "seed").await.unwrap();
        assert_eq!(*clone.cell_id.agent_pubkey(), app.agent_pub_key);
        assert_eq!(clone.clone_id, CloneId::new(&"probe".to_owned(), 0));
        authorize(&admin, &signer, &clone.cell_id).await;
        let id = || CloneCellId::CloneId(clone.clone_id.clone());
        let echo = async || call::<String>(&client, clone.cell_id.clone(), "echo_text", "foo").await;
        let disable = async || {
            client.disable_clone_cell(DisableCloneCellPayload { clone_cell_id: id() }).await.unwrap();
        };
        let enable = async || client.enable_clone_cell(EnableCloneCellPayload { clone_cell_id: id() }).await;

        assert_eq!(echo().await.unwrap(), "foo");
        disable().await;
        echo().await.unwrap_err();
        assert_eq!(enable().await.unwrap(), clone);
        assert_eq!(echo().await.unwrap(), "foo");
        disable().await;
        let payload = DeleteCloneCellPayload {
            app_id: "clones".to_owned(),
            clone_cell_id: CloneCellId::DnaHash(clone.cell_id.dna_hash().clone()),
        };
        admin.delete_clone_cell(payload).await.unwrap();
        enable().await.unwrap_err();
    });
}

/// A client learns of a clone when it asks for the app again.
#[test]
fn app_info_refresh() {
    shared(async |shared| {
        let admin = shared.admin().await;
        let app = shared.probe().await;
        let (mut client, signer) = connect(&admin, &app.installed_app_id).await;
        let clone = create(&client, "made after the client connected").await.unwrap();
        authorize(&admin, &signer, &clone.cell_id).await;
        let unknown = call::<String>(&client, clone.clone_id.clone(), "echo_text", "foo").await;
        assert!(matches!(unknown, Err(ConductorApiError::CellNotFound)), "{unknown:?}");
        client.refresh_app_info().await.unwrap();
        let answer: String = call(&client, clone.clone_id, "echo_text", "foo").await.unwrap();
        assert_eq!(answer, "foo");
    });
}
