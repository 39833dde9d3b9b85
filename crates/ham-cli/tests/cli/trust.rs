//! `--ca` and `--pin`, for servers and for conductors.

use std::net::SocketAddr;
use std::sync::Arc;

use ham_testkit::server::{Behaviour, Message, Server};
use rustix::process::Signal;
use rustls_pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::support::{Ham, probe};

/// TLS before a server that has none, with a self-signed certificate for `localhost`.
struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    pem: String,
    fingerprint: String,
}

impl Tls {
    async fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![made.cert.der().clone()], key)
                .unwrap();
        let digest = ring::digest::digest(&ring::digest::SHA256, made.cert.der());
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            acceptor: TlsAcceptor::from(Arc::new(config)),
            pem: made.cert.pem(),
            fingerprint: digest
                .as_ref()
                .iter()
                .map(|byte| format!("{byte:02X}"))
                .collect::<Vec<_>>()
                .join(":"),
        }
    }

    fn url(&self) -> String {
        format!("wss://localhost:{}/", self.listener.local_addr().unwrap().port())
    }

    /// Serves one connection after the other, until it is dropped.
    async fn serve(&self, behind: SocketAddr) {
        loop {
            let (socket, _) = self.listener.accept().await.unwrap();
            // A client that does not trust it ends here.
            let Ok(mut socket) = self.acceptor.accept(socket).await else { continue };
            let mut plain = TcpStream::connect(behind).await.unwrap();
            let _ = copy_bidirectional(&mut socket, &mut plain).await;
        }
    }
}

#[tokio::test]
async fn a_server_is_trusted_by_an_authority_or_by_its_fingerprint() {
    let server = Server::start([Behaviour::answer(|message: Message| {
        let asked: Value = serde_json::from_slice(message.payload()).unwrap();
        Some(Message::from(json!({ "kind": "done", "in_reply_to": asked["id"] }).to_string()))
    })])
    .await
    .unwrap();
    let tls = Tls::new().await;
    let ham = Ham::new();
    let (ca, none) = (ham.file("ca.pem", &tls.pem), ham.file("none.pem", "no certificate"));
    let (url, pin, other) = (tls.url(), &tls.fingerprint, "00".repeat(32));
    let asked = async {
        let ask = async |flags: &[&str]| ham.run(&[&["request", &url, "ask"][..], flags].concat()).await;
        ask(&[]).await.failed(3, &["certificate", "--ca", "--pin"]);
        ask(&["--ca", &ca]).await.ok();
        ask(&["--pin", pin]).await.ok();
        ask(&["--pin", &format!("{other},{}", pin.to_lowercase())]).await.ok();
        ask(&["--pin", &other]).await.failed(3, &["not the pinned one", "--pin"]);
        ask(&["--ca", &none]).await.failed(2, &["none.pem has no certificate in it", "PEM"]);
        ask(&["--ca", "/nonexistent.pem"]).await.failed(2, &["/nonexistent.pem"]);
        ask(&["--pin", "abc"]).await.failed(2, &["--pin must be the SHA-256 fingerprint"]);
        ask(&["--ca", &ca, "--pin", pin]).await.failed(2, &["both --ca and --pin"]);
    };
    tokio::select! {
        () = asked => {}
        () = tls.serve(server.address()) => {}
    }
}

#[tokio::test]
async fn a_conductor_behind_tls_is_trusted_in_the_same_ways() {
    let ham = Ham::new();
    let mut running = ham.start(&["dev", "--app", &probe(), "--json"]);
    let started: Value = serde_json::from_str(&running.line(|_| true).await).unwrap();
    let port = u16::try_from(started["admin_port"].as_u64().unwrap()).unwrap();
    let tls = Tls::new().await;
    let ca = ham.file("ca.pem", &tls.pem);
    let url = tls.url();
    let list = ["grants", "list", "--app-id", "probe", "--admin-url", &url];
    let asked = async {
        ham.run(&list).await.failed(3, &["certificate"]);
        ham.run(&[&list[..], &["--ca", &ca]].concat()).await.ok();
        let pinned = Ham::new().with("HAM_PIN", &tls.fingerprint);
        pinned.run(&list).await.ok();
    };
    tokio::select! {
        () = asked => {}
        () = tls.serve((std::net::Ipv4Addr::LOCALHOST, port).into()) => {}
    }
    running.signal(Signal::INT);
    assert_eq!(running.ended().await, Some(130));
}
