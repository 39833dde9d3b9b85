//! A server with a certificate that asks who it is, and secrets that are told nobody.

use std::path::Path;

use ham_gateway::{Config, Server};

use crate::client::get;
use crate::server::NatsServer;
use crate::stage::{BLOCKS, Stage, must, nats, secret};
use crate::stream::{Stream, blocks};

/// A certificate for this machine, its key, and the authority that signed it.
fn certificates(directory: &Path) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = authority.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::from_params(&authority, &authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let named = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = named.signed_by(&key, &issuer).unwrap();
    secret(&directory.join("ca.pem"), &root.pem());
    secret(&directory.join("server.pem"), &certificate.pem());
    secret(&directory.join("server.key"), &key.serialize_pem());
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_with_a_password_that_is_told_nobody() {
    let stage = Stage::start().await;
    let files = stage.directory.path();
    certificates(files);
    let file = |name: &str| files.join(name).display().to_string();
    let (certificate, key) = (file("server.pem"), file("server.key"));
    let server = NatsServer::with(&[
        "--tls",
        "--tlscert",
        &certificate,
        "--tlskey",
        &key,
        "--user",
        "ham",
        "--pass",
        "s3cret-0f-nats",
    ])
    .await;
    let url = format!("tls://localhost:{}", server.port);
    let client = async_nats::ConnectOptions::new()
        .add_root_certificates(files.join("ca.pem"))
        .user_and_password("ham".into(), "s3cret-0f-nats".into());
    let stream = Stream::of(client.connect(&url).await.unwrap());
    let mut with = nats(&url);
    with.ca_file = Some(files.join("ca.pem"));
    with.user = Some("ham".into());
    // One that the server refuses is shown, and told nobody.
    secret(&files.join("wrong"), "an0ther-0f-nats");
    with.password_file = Some(files.join("wrong"));
    let gateway = stage.gateway(with.clone()).await;
    let status = must(async {
        loop {
            let status = get(gateway.address(), "/api/v1/status").key(stage.key.expose()).send().await;
            if status.json()["nats"]["why"].is_string() {
                return status;
            }
        }
    })
    .await;
    assert_eq!(status.json()["nats"]["connected"], false, "{}", status.json());
    let metrics = get(gateway.address(), "/metrics").key(stage.key.expose()).send().await;
    for text in [&status.body, &metrics.body] {
        assert!(!String::from_utf8_lossy(text).contains("an0ther"), "{text:?}");
    }
    // Nothing else is the worse for it.
    assert_eq!(get(gateway.address(), "/health/ready").send().await.status, 200);
    must(gateway.stop()).await;
    secret(&files.join("password"), "s3cret-0f-nats\n");
    with.password_file = Some(files.join("password"));
    let gateway = stage.gateway(with).await;
    stage.note("over tls").await;
    let all = stream.once(stage.ends_there().await).await;
    assert_eq!(blocks(&all, BLOCKS), stage.chain().await);
    let status = get(gateway.address(), "/api/v1/status").key(stage.key.expose()).send().await.json();
    assert_eq!(status["nats"]["connected"], true, "{status}");
    assert!(!status.to_string().contains("s3cret"), "{status}");
    must(gateway.stop()).await;
    stage.conductor.shut_down().await;
}

/// `ham gateway check` connects to nothing.
#[tokio::test]
async fn what_cannot_be_used_is_named_before_a_start() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, "s3cret").unwrap();
    let keys = directory.path().join("keys.toml");
    secret(&keys, "");
    let check = |nats: &str| {
        let text = format!(
            "keys = \"{}\"\n[conductor]\nadmin_url = \"ws://localhost:1\"\n[[app]]\nid = \"a\"\n[nats]\n\
             urls = [\"nats://localhost:1\"]\n{nats}\n",
            keys.display()
        );
        let faults = Server::check(&Config::parse(&text).unwrap());
        faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let open = check(&format!("token_file = \"{}\"", file.display()));
    assert!(open.contains("chmod 600") && !open.contains("s3cret"), "{open}");
    // A word that leads nowhere may be the token itself.
    let nowhere = check("token_file = \"s3cret\"");
    assert!(nowhere.contains("nats.token_file: cannot read …: ") && !nowhere.contains("s3cret"), "{nowhere}");
    assert!(check("calls_as = \"7QK2\"").contains("7QK2"));
    assert!(check("stream = \"a.b\"").contains("nats.stream"));
}
