//! The cases of its `tests/app.rs`; those about the network are in `network.rs`.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use holochain_client::{
    AllowedOrigins, AppWebsocket, CallZomeOptions, ClientAgentSigner, ConductorApiError, ExternIO,
};
use holochain_types::app::{AppStatus, DisabledAppReason};
use holochain_types::prelude::{CAP_SECRET_BYTES, CapSecret, GrantConstraint, SerializedBytes, UnsafeBytes};
use holochain_types::signal::Signal;
use holochain_websocket::WebsocketError;
use serde::{Deserialize, Serialize};
use tokio::net::TcpSocket;

use super::support::{call, cell, connect, enter, install, must, request, shared};

/// A port that is taken and where nobody listens.
pub(crate) fn unreachable() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    socket
}

#[test]
fn handle_signal() {
    /// There is another kind, of the commits that other tests make in the same cell.
    #[derive(Debug, Deserialize)]
    struct Said {
        #[serde(rename = "type")]
        kind: String,
        text: Option<String>,
    }
    shared(async |shared| {
        let admin = shared.admin().await;
        let app = shared.probe().await;
        let (client, cell) = enter(&admin, &app.installed_app_id, "probe").await;
        let (heard, mut signals) = tokio::sync::mpsc::channel(100);
        client
            .on_signal(move |signal| {
                let Signal::App { cell_id, zome_name, signal } = signal else { panic!("{signal:?}") };
                let Said { kind, text } = signal.into_inner().decode().unwrap();
                if kind == "emitted" {
                    heard.try_send((cell_id, zome_name.to_string(), text)).unwrap();
                }
            })
            .await;
        let _: () = call(&client, cell.clone(), "emit", "i am a signal").await.unwrap();
        let expected = (cell, "probe".to_owned(), Some("i am a signal".to_owned()));
        assert_eq!(must(signals.recv()).await.unwrap(), expected);
    });
}

#[test]
fn close_on_drop_is_clone_safe() {
    shared(async |shared| {
        let app = shared.probe().await;
        let (client, _) = connect(&shared.admin().await, &app.installed_app_id).await;
        {
            let copy = client.clone();
            assert_eq!(copy.app_info().await.unwrap().unwrap().installed_app_id, app.installed_app_id);
        }
        assert_eq!(client.app_info().await.unwrap().unwrap().installed_app_id, app.installed_app_id);
    });
}

/// With a proof that the membrane asks for, where theirs needs none.
#[test]
fn deferred_memproof_installation() {
    #[derive(Debug, Serialize)]
    struct Proof {
        code: &'static str,
    }
    shared(async |shared| {
        let admin = shared.admin().await;
        admin.install_app(request("probe-memproof.happ", "deferred")).await.unwrap();
        let (client, _) = connect(&admin, "deferred").await;
        let status = async || client.app_info().await.unwrap().unwrap().status;
        assert_eq!(status().await, AppStatus::AwaitingMemproofs);
        client.enable_app().await.unwrap_err();

        let proof = SerializedBytes::from(UnsafeBytes::from(
            ExternIO::encode(Proof { code: "probe-member" }).unwrap().into_vec(),
        ));
        client.provide_memproofs(HashMap::from([("probe".to_owned(), Arc::new(proof))])).await.unwrap();
        let awaited = AppStatus::Disabled(DisabledAppReason::NotStartedAfterProvidingMemproofs);
        assert_eq!(status().await, awaited);
        client.enable_app().await.unwrap();
        assert_eq!(status().await, AppStatus::Enabled);
    });
}

#[test]
fn connect_multiple_addresses() {
    shared(async |shared| {
        let admin = shared.admin().await;
        let app = shared.probe().await;
        let port = admin.attach_app_interface(0, None, AllowedOrigins::Any, None).await.unwrap();
        let token = admin.issue_app_auth_token(app.installed_app_id.clone().into()).await.unwrap().token;
        let taken = unreachable();
        let addresses = [taken.local_addr().unwrap(), SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)];
        let signer = ClientAgentSigner::default().into();
        let client = AppWebsocket::connect(&addresses[..], token, signer, None).await.unwrap();
        assert_eq!(client.app_info().await.unwrap().unwrap().installed_app_id, app.installed_app_id);
    });
}

#[test]
fn connect_with_custom_origin() {
    shared(async |shared| {
        let admin = shared.admin().await;
        let app = shared.probe().await;
        let only = AllowedOrigins::from("my_cli_app".to_owned());
        let port = admin.attach_app_interface(0, None, only, None).await.unwrap();
        let token = admin.issue_app_auth_token(app.installed_app_id.clone().into()).await.unwrap().token;
        let connect = async |origin: Option<&str>| {
            let (address, signer) = ((Ipv4Addr::LOCALHOST, port), ClientAgentSigner::default().into());
            AppWebsocket::connect(address, token.clone(), signer, origin.map(str::to_owned)).await
        };
        connect(None).await.unwrap_err();
        connect(Some("another_app")).await.unwrap_err();
        // Who was refused did not use up the token, which is good once.
        let client = connect(Some("my_cli_app")).await.unwrap();
        assert_eq!(client.app_info().await.unwrap().unwrap().installed_app_id, app.installed_app_id);
        connect(Some("my_cli_app")).await.unwrap_err();
    });
}

#[test]
fn call_zome_with_options_custom_timeout() {
    shared(async |shared| {
        let admin = shared.admin().await;
        let app = shared.probe().await;
        let (client, cell) = enter(&admin, &app.installed_app_id, "probe").await;
        let within = async |bound| {
            let options = CallZomeOptions::new().with_timeout(bound);
            let (target, input) = (cell.clone().into(), ExternIO::encode("text").unwrap());
            client.call_zome_with_options(target, "probe".into(), "echo_text".into(), input, options).await
        };
        within(Duration::from_secs(60)).await.unwrap();
        let late = within(Duration::from_nanos(1)).await;
        let timed_out = Err::<(), _>(late.unwrap_err());
        assert!(
            matches!(timed_out, Err(ConductorApiError::WebsocketError(WebsocketError::Timeout(_)))),
            "{timed_out:?}"
        );
    });
}

/// They wait until one agent knows where the other one is; here both are in one place.
#[test]
fn direct_signal_with_capability_grant() {
    shared(async |shared| {
        let admin = shared.admin().await;
        install(&admin, "probe.happ", "alice").await;
        let bob_app = install(&admin, "probe.happ", "bob").await;
        let ((alice, _), (bob, _)) = (connect(&admin, "alice").await, connect(&admin, "bob").await);
        let cell = cell(&bob_app, "probe");
        let (heard, mut signals) = tokio::sync::mpsc::channel(100);
        bob.on_signal(move |signal| {
            if let Signal::AppDirect { cell_id, from_agent, signal } = signal {
                heard.try_send((cell_id, from_agent, signal)).unwrap();
            }
        })
        .await;
        let send = async |text: &str, secret: Option<[u8; CAP_SECRET_BYTES]>| {
            let (dna, to) = (cell.dna_hash().clone(), vec![bob.my_pub_key.clone()]);
            let sent = alice.send_direct_signal(dna, to, text.into(), secret.map(CapSecret::from)).await;
            sent.unwrap();
        };
        let secret = [7; CAP_SECRET_BYTES];
        send("before the grant", Some(secret)).await;
        let constraint = GrantConstraint::Transferable { secret: secret.into() };
        let tag = "direct-signal".to_owned();
        bob.grant_direct_signal_capability(cell.clone(), tag, constraint).await.unwrap();
        send("no secret", None).await;
        send("the wrong secret", Some([8; CAP_SECRET_BYTES])).await;
        send("the right secret", Some(secret)).await;
        // Signals keep their order: had another one been delivered, it would be here first.
        let first = must(signals.recv()).await.unwrap();
        assert_eq!(first, (cell.clone(), alice.my_pub_key.clone(), b"the right secret".to_vec()));
    });
}
