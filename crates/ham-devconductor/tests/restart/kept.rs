//! What is there again after a restart.

use std::net::Ipv4Addr;

use ham_devconductor::DevConductor;
use ham_testkit::port::Port;
use holochain_client::{
    AdminWebsocket, AllowedOrigins, AppInfo, AppWebsocket, CellInfo, ClientAgentSigner,
    IssueAppAuthenticationTokenPayload,
};
use holochain_types::app::{AppStatus, DisableCloneCellPayload, DisabledAppReason};
use holochain_types::prelude::CloneCellId;

use crate::support::{admin, authorize, cell, connect_to, install, must, request};
use crate::{clone, create, ids, start};

async fn the_app(admin: &AdminWebsocket) -> AppInfo {
    let mut apps = admin.list_apps(None).await.unwrap();
    assert_eq!(apps.len(), 1, "{apps:?}");
    apps.remove(0)
}

/// It removed a directory of that name, whoever's it was.
#[tokio::test(flavor = "multi_thread")]
async fn what_else_is_in_the_directory_stays() {
    let directory = tempfile::tempdir().unwrap();
    let mine = directory.path().join("snapshots/mine");
    std::fs::create_dir(directory.path().join("snapshots")).unwrap();
    std::fs::write(&mine, "mine").unwrap();
    let conductor = start(&directory).await;
    conductor.snapshot().await.unwrap();
    must(conductor.shut_down()).await;
    assert_eq!(std::fs::read_to_string(mine).unwrap(), "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_directory_keeps_everything_but_tokens() {
    let directory = tempfile::tempdir().unwrap();
    let conductor = start(&directory).await;
    let admin_port = conductor.admin_port();
    let before = admin(&conductor).await;

    let unused_key = before.generate_agent_pub_key().await.unwrap();
    let app = install(&before, "probe.happ", "kept").await;
    let probe = cell(&app, "probe");
    let only = AllowedOrigins::from("holochain_websocket".to_owned());
    let reserved = Port::reserve().unwrap();
    let port = reserved.number();
    assert_eq!(before.attach_app_interface(port, None, only, Some("kept".to_owned())).await.unwrap(), port);
    let (client, signer) = connect_to(&before, "kept", port).await;
    authorize(&before, &signer, &probe).await;
    create(&client, probe.clone(), "1").await;
    let enabled = clone(&client, "enabled").await;
    authorize(&before, &signer, &enabled.cell_id).await;
    create(&client, enabled.cell_id.clone(), "of the clone").await;
    let disabled = clone(&client, "disabled").await;
    let clone_cell_id = CloneCellId::CloneId(disabled.clone_id.clone());
    client.disable_clone_cell(DisableCloneCellPayload { clone_cell_id }).await.unwrap();
    let token = IssueAppAuthenticationTokenPayload::for_installed_app_id("kept".to_owned());
    let token = token.expiry_seconds(0).single_use(false);
    let token = before.issue_app_auth_token(token).await.unwrap().token;
    let (listed, interfaces) = (the_app(&before).await, before.list_app_interfaces().await.unwrap());
    let grants = before.list_capability_grants("kept".to_owned(), true).await.unwrap();

    let conductor = must(conductor.restart()).await.unwrap();
    assert_eq!(conductor.admin_port(), admin_port);
    before.list_apps(None).await.unwrap_err();
    client.app_info().await.unwrap_err();
    let after = admin(&conductor).await;
    assert_eq!(the_app(&after).await, listed);
    let again = after.list_app_interfaces().await.unwrap();
    assert_eq!(format!("{again:?}"), format!("{interfaces:?}"));
    let kept_grants = after.list_capability_grants("kept".to_owned(), true).await.unwrap();
    assert_eq!(format!("{kept_grants:?}"), format!("{grants:?}"));

    // Not the token: it was good for ever, in memory.
    let address = (Ipv4Addr::LOCALHOST, port);
    AppWebsocket::connect(address, token, ClientAgentSigner::default().into(), None).await.unwrap_err();

    // The grants of before are good for the keys of before, and the chains go on where they ended.
    let token = after.issue_app_auth_token("kept".to_owned().into()).await.unwrap().token;
    let client = AppWebsocket::connect(address, token, signer.into(), None).await.unwrap();
    assert_eq!(ids(&client, probe.clone()).await, ["1"]);
    create(&client, probe.clone(), "2").await;
    assert_eq!(ids(&client, probe.clone()).await, ["1", "2"]);
    assert_eq!(ids(&client, enabled.cell_id.clone()).await, ["of the clone"]);
    let clones: Vec<_> = client.cached_app_info().cell_info["probe"]
        .iter()
        .filter_map(|cell| match cell {
            CellInfo::Cloned(clone) => Some((clone.clone_id.to_string(), clone.name.clone(), clone.enabled)),
            _ => None,
        })
        .collect();
    let named = |id: &str, name: &str, enabled| (id.to_owned(), name.to_owned(), enabled);
    let expected =
        [named("probe.0", "the clone enabled", true), named("probe.1", "the clone disabled", false)];
    assert_eq!(clones, expected);
    // A number is not given twice.
    assert_eq!(clone(&client, "third").await.clone_id.to_string(), "probe.2");
    let mut payload = request("probe.happ", "with the unused key");
    payload.agent_key = Some(unused_key);
    after.install_app(payload).await.unwrap();
    after.uninstall_app("with the unused key".to_owned(), false).await.unwrap();

    // And a disabled app stays disabled.
    after.disable_app("kept".to_owned()).await.unwrap();
    let conductor = must(conductor.restart()).await.unwrap();
    let after = admin(&conductor).await;
    assert_eq!(the_app(&after).await.status, AppStatus::Disabled(DisabledAppReason::User));
    assert!(after.list_cell_ids().await.unwrap().is_empty());
    after.enable_app("kept".to_owned()).await.unwrap();
    assert_eq!(after.list_cell_ids().await.unwrap().len(), 4);
    conductor.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_one_starts_again_empty() {
    let conductor = DevConductor::start().await.unwrap();
    let port = conductor.admin_port();
    let before = admin(&conductor).await;
    before.install_app(request("probe.happ", "gone")).await.unwrap();
    let reserved = Port::reserve().unwrap();
    before.attach_app_interface(reserved.number(), None, AllowedOrigins::Any, None).await.unwrap();
    let conductor = must(conductor.restart()).await.unwrap();
    assert_eq!(conductor.admin_port(), port);
    let after = admin(&conductor).await;
    assert!(after.list_apps(None).await.unwrap().is_empty());
    assert!(after.list_app_interfaces().await.unwrap().is_empty());
    assert!(after.list_dnas().await.unwrap().is_empty());
    conductor.shut_down().await;
}
