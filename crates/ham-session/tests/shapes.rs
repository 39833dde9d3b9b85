//! The three shapes of protocol, each over plain TCP and over TLS.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test owns its tasks and fails by panicking"
)]

mod support;

use std::time::Duration;

use ham_persistent::{ConnectError as _, Permanence};
use ham_session::{DialError, Incoming, SessionConfig, TlsConfig, TlsError};
use serde_json::json;
use support::binary::{Binary, PUSH, REQUEST, bytes, call, push};
use support::feed::{Action, Feed, Slot};
use support::json::{Json, reply, request};
use support::{Identity, Message, Peer, Server, far, must, rig};

/// The server over plain TCP, over TLS with a given root, and over TLS with a pinned certificate.
async fn servers() -> Vec<(Server, SessionConfig)> {
    let (rooted, pinned) = (Identity::new(), Identity::new());
    let root = TlsConfig::roots([rooted.certificate.clone()]).unwrap();
    let pin = TlsConfig::pinned([pinned.pin()]);
    vec![
        (Server::plain().await, SessionConfig::default()),
        (Server::tls(rooted).await, SessionConfig::default().with_tls(root)),
        (Server::tls(pinned).await, SessionConfig::default().with_tls(pin)),
    ]
}

#[tokio::test]
async fn binary_with_ids_and_a_handshake() {
    for (server, config) in servers().await {
        let mut rig = rig(&server, Binary::new(), &config, Peer::welcome).await.unwrap();
        assert_eq!(&rig.link.welcome()[..], b"welcome");
        let peer = async {
            let (kind, id, body) = rig.peer.recv_call().await.unwrap();
            assert_eq!((kind, id, &body[..]), (REQUEST, 7, &b"hello"[..]));
            rig.peer.answer(7, b"world").await;
        };
        let (answer, ()) = tokio::join!(rig.link.request(call(7, "hello"), far()), peer);
        assert_eq!(&answer.unwrap()[..], b"world");
        rig.link.send(push("note"), far()).await.unwrap();
        assert_eq!(rig.peer.recv_call().await.unwrap().0, PUSH);
        rig.peer.send(Message::Binary(bytes(PUSH, 0, b"signal"))).await;
        assert!(matches!(must(rig.inbox.recv()).await, Some(Incoming::Push(body)) if &body[..] == b"signal"));
    }
}

#[tokio::test]
async fn json_with_ids_both_ways() {
    for (server, config) in servers().await {
        let mut rig = rig(&server, Json, &config, async |peer| peer).await.unwrap();
        let peer = async {
            let asked = rig.peer.recv_json().await;
            rig.peer.send_json(json!({ "kind": "note" })).await;
            rig.peer.send_json(request("theirs")).await;
            rig.peer.send_json(reply(asked["id"].as_str().unwrap())).await;
        };
        let (answer, ()) = tokio::join!(rig.link.request(request("ours"), far()), peer);
        assert_eq!(answer.unwrap()["in_reply_to"], "ours");
        assert!(matches!(must(rig.inbox.recv()).await, Some(Incoming::Push(_))));
        let Some(Incoming::Request { key, .. }) = must(rig.inbox.recv()).await else { panic!("a request") };
        rig.link.try_send(reply(&key)).unwrap();
        assert_eq!(rig.peer.recv_json().await["in_reply_to"], "theirs");
    }
}

#[tokio::test]
async fn json_without_ids() {
    for (server, config) in servers().await {
        let config = config.with_ping(Duration::from_millis(5), Duration::from_secs(60));
        let mut rig =
            rig(&server, Feed { chains: vec!["a", "b"] }, &config, async |peer| peer).await.unwrap();
        assert_eq!(rig.peer.recv_json().await["chain_name"], "a");
        assert_eq!(rig.peer.recv_json().await["chain_name"], "b");
        rig.peer.send_json(json!({ "type": "subscribed", "chain_name": "a" })).await;
        let orphan = must(rig.inbox.recv()).await;
        assert!(matches!(orphan, Some(Incoming::Orphan { key: Slot::Subscribe(chain), .. }) if chain == "a"));
        // The keepalive of the protocol comes by itself and is answered like any message.
        assert_eq!(rig.peer.recv_json().await["action"], "ping");
        let link = rig.link.clone();
        let asked = tokio::spawn(async move { link.request(Action::Subscribe("c".into()), far()).await });
        rig.peer.send_json(json!({ "type": "pong" })).await;
        rig.peer.send_json(json!({ "type": "ping" })).await;
        let (mut subscribed, mut ponged) = (false, false);
        while !(subscribed && ponged) {
            let message = rig.peer.recv_json().await;
            match message["action"].as_str().unwrap() {
                "pong" => ponged = true,
                "ping" => rig.peer.send_json(json!({ "type": "pong" })).await,
                _ => {
                    subscribed = true;
                    rig.peer.send_json(json!({ "type": "subscribed", "chain_name": "c" })).await;
                }
            }
        }
        assert_eq!(must(asked).await.unwrap().unwrap()["chain_name"], "c");
        assert!(rig.link.round_trip_time().is_some());
        rig.peer.send_json(json!({ "type": "new_block", "chain_name": "a" })).await;
        assert!(matches!(must(rig.inbox.recv()).await, Some(Incoming::Push(_))));
    }
}

#[tokio::test]
async fn a_wrong_pin_and_an_unknown_root_are_refused() {
    for (tls, wrong_pin) in [(TlsConfig::pinned([[7; 32]]), true), (TlsConfig::public_roots(), false)] {
        let server = Server::tls(Identity::new()).await;
        let config = SessionConfig::default().with_tls(tls);
        let target = server.target();
        let (inbox, _kept) = support::recorder();
        let dialled = ham_session::dial(&target, std::sync::Arc::new(Json), inbox, &config);
        let (error, stream) = tokio::join!(dialled, server.stream());
        assert!(stream.is_none());
        match error.unwrap_err() {
            DialError::Tls(TlsError::WrongPin) => assert!(wrong_pin),
            DialError::Tls(TlsError::Handshake(_)) => assert!(!wrong_pin),
            other => panic!("{other:?}"),
        }
    }
}

/// `openssl req -x509` marks what it makes as an authority: given as root, it was refused, and dialled for ever.
#[tokio::test]
async fn a_self_signed_authority_that_was_given_is_trusted_as_a_server() {
    let identity = Identity::authority(|_| {});
    let tls = TlsConfig::roots([identity.certificate.clone()]).unwrap();
    let config = SessionConfig::default().with_tls(tls);
    rig(&Server::tls(identity).await, Json, &config, async |peer| peer).await.unwrap();
}

/// How a dial to `server` fails over TLS.
async fn refused(server: Identity, trusted: &Identity) -> DialError {
    let server = Server::tls(server).await;
    let config = SessionConfig::default().with_tls(TlsConfig::roots([trusted.certificate.clone()]).unwrap());
    let (target, (inbox, _kept)) = (server.target(), support::recorder());
    let dialled = ham_session::dial(&target, std::sync::Arc::new(Json), inbox, &config);
    let (error, _) = tokio::join!(dialled, server.stream());
    error.unwrap_err()
}

#[tokio::test]
async fn a_given_authority_is_no_other_server_and_what_cannot_heal_is_permanent() {
    let other = Identity::authority(|_| {});
    let named = Identity::authority(|params| {
        params.subject_alt_names = vec![rcgen::SanType::DnsName("elsewhere".try_into().unwrap())];
    });
    let expired = Identity::authority(|params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    for (identity, given, permanence) in [
        (Identity::authority(|_| {}), &other, Permanence::Permanent),
        (named.clone(), &named, Permanence::Permanent),
        // Renewed certificates are put in place without a word to the client.
        (expired.clone(), &expired, Permanence::Transient),
    ] {
        let error = refused(identity, given).await;
        assert!(matches!(error, DialError::Tls(TlsError::Handshake(_))), "{error:?}");
        assert_eq!(error.permanence(), permanence, "{error:?}");
    }
    assert!(matches!(TlsConfig::roots([]), Err(TlsError::Root(_))));
}
