//! The cases about the network of its `tests/admin.rs` and `tests/app.rs`. Theirs have a network of one agent and find that
//! agent in it; an embedded conductor has none, takes part in none, and says so.

use std::net::Ipv4Addr;
use std::sync::Arc;

use holochain_client::{
    AllowedOrigins, AppInfo, AppWebsocket, ClientAgentSigner, ConnectRequest, Url, WebsocketConfig,
};
use holochain_types::prelude::DnaHash;

use super::support::{Shared, cell, connect, shared};

/// Somebody else's, as a bootstrap server hands it out.
const AGENT_INFO: &str = r#"{"agentInfo":"{}","signature":""}"#;

fn dnas(app: &AppInfo) -> Vec<DnaHash> {
    ["probe", "ledger"].map(|role| cell(app, role).dna_hash().clone()).into()
}

fn elsewhere() -> Url {
    Url::from_str("ws://test.com:80/test-url").unwrap()
}

/// Connects with a request and a configuration of its own.
async fn app_with_request(shared: &Shared) -> AppWebsocket {
    let admin = shared.admin().await;
    let id = shared.probe().await.installed_app_id.clone();
    let only = AllowedOrigins::from("my_cli_app".to_owned());
    let port = admin.attach_app_interface(0, None, only, None).await.unwrap();
    let token = admin.issue_app_auth_token(id.into()).await.unwrap().token;
    let request = ConnectRequest::from(std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let request = request.try_set_header("Origin", "my_cli_app").unwrap();
    let (config, signer) = (Arc::new(WebsocketConfig::CLIENT_DEFAULT), ClientAgentSigner::default().into());
    AppWebsocket::connect_with_request_and_config(request, config, token, signer).await.unwrap()
}

/// `holochain` says `iroh`.
#[test]
fn admin_dump_network_stats() {
    shared(async |shared| {
        let stats = shared.admin().await.dump_network_stats().await.unwrap();
        assert_eq!(stats.transport_stats.backend, "none");
        assert!(stats.transport_stats.connections.is_empty());
    });
}

/// `holochain` says `iroh`.
#[test]
fn app_dump_network_stats() {
    shared(async |shared| {
        let stats = app_with_request(shared).await.dump_network_stats().await.unwrap();
        assert_eq!(stats.transport_stats.backend, "none");
    });
}

/// One for each DNA, as there, with nothing in it.
#[test]
fn app_dump_network_metrics() {
    shared(async |shared| {
        let client = app_with_request(shared).await;
        let dnas = dnas(shared.probe().await);
        let metrics = client.dump_network_metrics(None, true).await.unwrap();
        assert!(dnas.iter().all(|dna| metrics[dna].local_agents.is_empty()), "{metrics:?}");
        let one = client.dump_network_metrics(Some(dnas[0].clone()), true).await.unwrap();
        assert_eq!(one.keys().collect::<Vec<_>>(), [&dnas[0]]);
        let unknown = DnaHash::from_raw_32(vec![1; 32]);
        client.dump_network_metrics(Some(unknown), true).await.unwrap_err();
    });
}

/// `holochain` knows its own agents and those it is told of; here nobody has an address, and what is added is thrown away.
#[test]
fn admin_agent_info() {
    shared(async |shared| {
        let admin = shared.admin().await;
        shared.probe().await;
        assert!(admin.agent_info(None).await.unwrap().is_empty());
        admin.add_agent_info(vec![AGENT_INFO.to_owned()]).await.unwrap();
        assert!(admin.agent_info(None).await.unwrap().is_empty());
    });
}

/// As for administrators.
#[test]
fn app_agent_info() {
    shared(async |shared| {
        let admin = shared.admin().await;
        let app = shared.probe().await;
        let (client, _) = connect(&admin, &app.installed_app_id).await;
        admin.add_agent_info(vec![AGENT_INFO.to_owned()]).await.unwrap();
        assert!(client.agent_info(Some(dnas(app))).await.unwrap().is_empty());
    });
}

#[test]
fn admin_peer_meta_info() {
    shared(async |shared| {
        let admin = shared.admin().await;
        let dnas = dnas(shared.probe().await);
        let infos = admin.peer_meta_info(elsewhere(), None).await.unwrap();
        assert!(dnas.iter().all(|dna| infos[dna].is_empty()), "{infos:?}");
        let one = admin.peer_meta_info(elsewhere(), Some(vec![dnas[1].clone()])).await.unwrap();
        assert_eq!(one.keys().collect::<Vec<_>>(), [&dnas[1]]);
        let unknown = DnaHash::from_raw_32(vec![1; 32]);
        admin.peer_meta_info(elsewhere(), Some(vec![unknown])).await.unwrap_err();
    });
}

/// Of the DNAs of its app only.
#[test]
fn app_peer_meta_info() {
    shared(async |shared| {
        let app = shared.probe().await;
        let (client, _) = connect(&shared.admin().await, &app.installed_app_id).await;
        let infos = client.peer_meta_info(elsewhere(), None).await.unwrap();
        assert!(dnas(app).iter().all(|dna| infos[dna].is_empty()), "{infos:?}");
    });
}
