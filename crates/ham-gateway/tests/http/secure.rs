//! A certificate: shown, replaced by a reload, and not waited for by who never shakes hands.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ham_gateway::config::Tls;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::stage::{Stage, config};

/// A new certificate for `localhost`, in the files of the directory.
fn certified(directory: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(directory.join("tls.pem"), made.cert.pem()).unwrap();
    std::fs::write(directory.join("tls.key"), made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

fn tls(directory: &Path) -> Tls {
    Tls { certificate: directory.join("tls.pem"), key: directory.join("tls.key") }
}

/// What a gateway answers to a client that trusts this certificate alone.
async fn health(stage: &Stage, trusted: &CertificateDer<'static>) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(stage.server.address()).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    // Its end may come without a farewell.
    let _ = stream.read_to_string(&mut answer).await;
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_shown_and_replaced_while_the_gateway_runs() {
    let mut first = None;
    let stage = Stage::with(|mut config| {
        let directory = config.keys.clone().unwrap();
        let directory = directory.parent().unwrap();
        first = Some(certified(directory));
        config.tls = Some(tls(directory));
        config
    })
    .await;
    let first = first.unwrap();
    assert!(health(&stage, &first).await.unwrap().ends_with("Ok"));
    let directory = stage.directory.path();
    let mut again = config(stage.conductor.admin_port(), directory);
    again.tls = Some(tls(directory));
    // Neither plain HTTP nor silence is waited for. Who shakes hands has the usual time for it.
    let mut hasty = again.clone();
    hasty.limits.tls_handshake = Duration::from_millis(300);
    assert!(stage.server.reload(hasty).unwrap().is_empty());
    for said in ["GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", ""] {
        let mut plain = TcpStream::connect(stage.server.address()).await.unwrap();
        plain.write_all(said.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = plain.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
    let second = certified(directory);
    assert!(stage.server.reload(again.clone()).unwrap().is_empty());
    assert!(health(&stage, &second).await.unwrap().ends_with("Ok"));
    assert!(health(&stage, &first).await.is_err());
    // A file that is none changes nothing.
    std::fs::write(directory.join("tls.pem"), "no certificate").unwrap();
    assert!(stage.server.reload(again).is_err());
    assert!(health(&stage, &second).await.unwrap().ends_with("Ok"));
    stage.end().await;
}
