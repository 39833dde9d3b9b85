//! Who may connect.

use std::num::NonZeroUsize;

use futures_util::SinkExt as _;
use ham_devconductor::Config;
use holochain_client::AdminWebsocket;
use holochain_conductor_api::{
    AdminRequest, AppAuthenticationRequest, AppRequest, IssueAppAuthenticationTokenPayload,
};
use holochain_types::websocket::AllowedOrigins;
use holochain_websocket::WireMessage;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::frames::{Socket, answer, encode, open, send};
use crate::support::{Server, run};
use crate::zome::Dna;

/// The status with which a client of this origin is turned away, `None` if it is not.
async fn turned_away(port: u16, origin: Option<&str>) -> Option<u16> {
    let mut request = format!("ws://127.0.0.1:{port}").into_client_request().unwrap();
    if let Some(origin) = origin {
        request.headers_mut().insert("Origin", origin.parse().unwrap());
    }
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    match tokio_tungstenite::client_async(request, stream).await {
        Ok(_) => None,
        Err(Error::Http(response)) => Some(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// Whether a connection is served that begins with these messages.
async fn is_served(port: u16, first: &[Message]) -> bool {
    let mut socket = open(port).await;
    for message in first {
        socket.send(message.clone()).await.unwrap();
    }
    asks(&mut socket).await
}

async fn asks(socket: &mut Socket) -> bool {
    let data = encode(&AppRequest::AppInfo);
    // It may be cut off already.
    let sent = socket.send(Message::Binary(encode(&WireMessage::Request { id: 1, data }).into())).await;
    sent.is_ok() && answer(socket).await.is_some()
}

fn shows(token: Vec<u8>) -> Message {
    let data = encode(&AppAuthenticationRequest { token });
    Message::Binary(encode(&WireMessage::Authenticate { data }).into())
}

async fn token(server: &Server, id: &str, single_use: bool) -> Vec<u8> {
    let payload = IssueAppAuthenticationTokenPayload::for_installed_app_id(id.to_owned());
    let payload = IssueAppAuthenticationTokenPayload { single_use, ..payload };
    server.admin.issue_app_auth_token(payload).await.unwrap().token
}

#[test]
fn a_foreign_origin_is_turned_away() {
    run(async |server| {
        let good = AllowedOrigins::from("good".to_owned());
        let apps = server.admin.attach_app_interface(0, None, good.clone(), None).await.unwrap();
        for port in [server.conductor.admin_port(), server.port, apps] {
            // Browsers always name one.
            assert_eq!(turned_away(port, None).await, Some(400));
        }
        for origin in ["evil", "good.evil", "goodevil", "", "GOOD", "http://good", "*", "null"] {
            assert_eq!(turned_away(apps, Some(origin)).await, Some(400), "{origin}");
        }
        assert_eq!(turned_away(apps, Some("good")).await, None);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_origin_is_turned_away_by_the_admin_interface() {
    let config = ham_devconductor::Config::default().with_allowed_origins("good, better".to_owned().into());
    let conductor = ham_devconductor::DevConductor::start_with(config).await.unwrap();
    for origin in [None, Some("evil"), Some("good, better"), Some("")] {
        assert_eq!(turned_away(conductor.admin_port(), origin).await, Some(400), "{origin:?}");
    }
    AdminWebsocket::connect(conductor.admin_address(), Some("better".to_owned())).await.unwrap();
    conductor.shut_down().await;
}

#[test]
fn without_a_good_token_nothing_is_served() {
    run(async |server| {
        let id = server.install(Dna::good()).await.unwrap();
        let good = token(server, &id, false).await;
        let longer = [good.clone(), vec![0]].concat();
        let mut other = good.clone();
        other[63] ^= 1;
        for wrong in [vec![], vec![0; 64], good[..63].to_vec(), longer, other] {
            assert!(!is_served(server.port, &[shows(wrong)]).await);
        }
        let request = Message::Binary(
            encode(&WireMessage::Request { id: 1, data: encode(&AppRequest::AppInfo) }).into(),
        );
        let signal = Message::Binary(encode(&WireMessage::Signal { data: vec![] }).into());
        let undecodable = Message::Binary(encode(&WireMessage::Authenticate { data: vec![0xc1] }).into());
        let text = Message::Text("let me in".into());
        for first in [request, signal, undecodable, text] {
            // A token that comes later comes too late.
            assert!(!is_served(server.port, &[first, shows(good.clone())]).await);
        }
        assert!(is_served(server.port, &[shows(good.clone())]).await);
        assert!(is_served(server.port, &[shows(good.clone())]).await, "it is for any number of connections");
        // A second token on a connection changes nothing.
        assert!(is_served(server.port, &[shows(good), shows(vec![0; 64])]).await);
    });
}

#[test]
fn a_single_use_token_is_used_once() {
    run(async |server| {
        let id = server.install(Dna::good()).await.unwrap();
        let once = token(server, &id, true).await;
        assert!(is_served(server.port, &[shows(once.clone())]).await);
        assert!(!is_served(server.port, &[shows(once)]).await);
        // Shown many times at once, too.
        let once = token(server, &id, true).await;
        let tries = (0..10)
            .map(|_| is_served(server.port, std::slice::from_ref(Box::leak(Box::new(shows(once.clone()))))));
        let served = futures_util::future::join_all(tries).await;
        assert_eq!(served.into_iter().filter(|served| *served).count(), 1);
    });
}

#[test]
fn a_token_of_another_app_opens_nothing() {
    run(async |server| {
        let (id, other) =
            (server.install(Dna::good()).await.unwrap(), server.install(Dna::good()).await.unwrap());
        let only =
            server.admin.attach_app_interface(0, None, AllowedOrigins::Any, Some(id.clone())).await.unwrap();
        let foreign = token(server, &other, false).await;
        assert!(!is_served(only, &[shows(foreign.clone())]).await);
        assert!(is_served(server.port, &[shows(foreign)]).await);
        assert!(is_served(only, &[shows(token(server, &id, false).await)]).await);
    });
}

#[test]
fn a_token_that_is_revoked_or_of_no_app_opens_nothing() {
    run(async |server| {
        let id = server.install(Dna::good()).await.unwrap();
        let revoked = token(server, &id, false).await;
        server.admin.revoke_app_authentication_token(revoked.clone()).await.unwrap();
        assert!(!is_served(server.port, &[shows(revoked)]).await);
        // One is issued for any name, as in `holochain` 0.7.1; the app has no information then.
        let nobody = token(server, "nobody", false).await;
        let mut socket = open(server.port).await;
        socket.send(shows(nobody)).await.unwrap();
        send(&mut socket, &WireMessage::Request { id: 1, data: encode(&AppRequest::AppInfo) }).await;
        let (_, data) = answer(&mut socket).await.unwrap();
        let response: holochain_conductor_api::AppResponse = rmp_serde::from_slice(&data).unwrap();
        assert!(matches!(response, holochain_conductor_api::AppResponse::AppInfo(None)));
    });
}

#[test]
fn an_administrators_request_on_an_app_interface_is_none() {
    run(async |server| {
        let id = server.install(Dna::good()).await.unwrap();
        let mut socket = open(server.port).await;
        socket.send(shows(token(server, &id, false).await)).await.unwrap();
        let uninstall = AdminRequest::UninstallApp { installed_app_id: id.clone(), force: true };
        send(&mut socket, &WireMessage::Request { id: 1, data: encode(&uninstall) }).await;
        let (_, data) = answer(&mut socket).await.unwrap();
        let response: holochain_conductor_api::AppResponse = rmp_serde::from_slice(&data).unwrap();
        assert!(matches!(response, holochain_conductor_api::AppResponse::Error(_)), "{response:?}");
        server.connect(&id).await.call("good", ()).await.unwrap();
    });
}

/// 400 of them, on each interface, shut everybody out for ten seconds.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_known_keeps_nobody_out() {
    let config = Config::default().with_connections(NonZeroUsize::new(4).unwrap());
    let server = Server::with(config).await;
    let id = server.install(Dna::good()).await.unwrap();
    let good = token(&server, &id, false).await;
    let (mut silent, mut mute) = (Vec::new(), Vec::new());
    for port in [server.port, server.conductor.admin_port()] {
        for _ in 0..10 {
            silent.push(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
        }
    }
    // Whoever shakes hands and shows no token is not known either.
    for _ in 0..10 {
        mute.push(open(server.port).await);
    }
    let (mut known, shown) = (Vec::new(), shows(good));
    for _ in 0..4 {
        let mut client = open(server.port).await;
        client.send(shown.clone()).await.unwrap();
        assert!(asks(&mut client).await);
        known.push(client);
    }
    let mut further = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
    assert_eq!(further.read(&mut [0]).await.unwrap_or(0), 0, "all that are there are known");
    for mut client in known {
        assert!(asks(&mut client).await, "who is known stays");
    }
    assert_eq!(silent[0].read(&mut [0]).await.unwrap_or(0), 0);
    // The administrator was known before all of them.
    server.admin.list_apps(None).await.unwrap();
    server.conductor.shut_down().await;
}
