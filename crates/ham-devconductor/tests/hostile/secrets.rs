//! No secret is written to the log or told in an error, not even to whoever sent it.

use std::fmt::Write as _;
use std::sync::{Mutex, Once, PoisonError};

use futures_util::SinkExt as _;
use ham_devconductor::{Config, DevConductor, Passphrase};
use holochain_client::AdminWebsocket;
use holochain_conductor_api::{AdminRequest, AppAuthenticationRequest, AppRequest};
use holochain_types::prelude::{CapSecret, ExternIO};
use holochain_websocket::WireMessage;
use tokio_tungstenite::tungstenite::Message;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::frames::{answer, encode, open, send};
use crate::support::{nothing, run};
use crate::zome::Dna;

static LOG: Mutex<String> = Mutex::new(String::new());

/// Keeps what every part of the process logs, to the level of `debug`; ours to that of `trace`, at which upstream's
/// WebSocket logs whole requests.
struct Capture;

impl Subscriber for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::DEBUG || metadata.target().starts_with("ham")
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        write(|line| span.record(line));
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        write(|line| values.record(line));
    }

    fn event(&self, event: &Event<'_>) {
        write(|line| event.record(line));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

fn write(record: impl FnOnce(&mut Line<'_>)) {
    let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    record(&mut Line(&mut log));
    log.push('\n');
}

/// Begins to keep the log of this process.
pub(crate) fn capture() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Capture).unwrap());
}

/// Fails where a text has a secret in any of the forms in which Rust writes bytes.
fn hides(text: &str, secret: &[u8]) {
    // A part of it is enough to be found.
    let secret = &secret[secret.len() / 4..secret.len() * 3 / 4];
    let list: Vec<String> = secret.iter().map(u8::to_string).collect();
    let list = list.join(", ");
    let tight = list.replace(' ', "");
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let escaped = secret.escape_ascii().to_string();
    let plain = String::from_utf8_lossy(secret).into_owned();
    for form in [list, tight, hex.to_uppercase(), hex, escaped, plain] {
        if let Some(at) = text.find(&form) {
            let from = text.floor_char_boundary(at.saturating_sub(200));
            panic!("a secret is in: {}", &text[from..text.floor_char_boundary(at + form.len() + 50)]);
        }
    }
}

fn log_hides(secret: &[u8]) {
    hides(&LOG.lock().unwrap_or_else(PoisonError::into_inner), secret);
}

#[test]
fn the_log_is_kept() {
    run(async |server| {
        let mut socket = open(server.port).await;
        socket.send(Message::Text("not a token".into())).await.unwrap();
        assert!(answer(&mut socket).await.is_none());
        let log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(log.contains("did not begin with a token"));
    });
}

#[test]
fn a_token_is_not_told() {
    run(async |server| {
        let id = server.install(Dna::good()).await.unwrap();
        let only = server
            .admin
            .attach_app_interface(
                0,
                None,
                holochain_types::websocket::AllowedOrigins::Any,
                Some("other".into()),
            )
            .await
            .unwrap();
        let token = server.admin.issue_app_auth_token(id.into()).await.unwrap().token;
        // For another app, used up, cut, revoked.
        for (port, token) in [(only, &token[..]), (server.port, &token[..]), (server.port, &token[..63])] {
            let mut socket = open(port).await;
            let data = encode(&AppAuthenticationRequest { token: token.to_vec() });
            send(&mut socket, &WireMessage::Authenticate { data }).await;
            assert!(answer(&mut socket).await.is_none());
        }
        server.admin.revoke_app_authentication_token(token.clone()).await.unwrap();
        log_hides(&token);
    });
}

#[test]
fn a_secret_of_the_wrong_type_is_not_told() {
    const SECRET: &str = "tell-nobody-that-this-is-the-token-of-this-app";
    run(async |server| {
        // Text where bytes should be, as a client in another language may send it.
        let mut socket = open(server.port).await;
        let data = encode(&serde_json::json!({ "token": SECRET }));
        send(&mut socket, &WireMessage::Authenticate { data }).await;
        assert!(answer(&mut socket).await.is_none());
        let mut socket = open(server.conductor.admin_port()).await;
        let revoke = serde_json::json!({ "type": "revoke_app_authentication_token", "value": SECRET });
        for data in [encode(&revoke), encode(&serde_json::json!({ "type": SECRET }))] {
            send(&mut socket, &WireMessage::Request { id: 1, data }).await;
            let (_, data) = answer(&mut socket).await.unwrap();
            hides(&String::from_utf8_lossy(&data), SECRET.as_bytes());
        }
        // The parameters of a call, whose secret is text.
        let app = server.connect(&server.install(Dna::good()).await.unwrap()).await;
        let mut params: serde_json::Value = serde_json::json!({ "cap_secret": SECRET });
        params["fn_name"] = "good".into();
        let bytes = ExternIO::encode(&params).unwrap();
        let signed = holochain_conductor_api::ZomeCallParamsSigned {
            bytes,
            signature: holochain_types::prelude::Signature([0; 64]),
        };
        hides(&app.send(signed).await.unwrap_err(), SECRET.as_bytes());
        log_hides(SECRET.as_bytes());
    });
}

#[test]
fn the_secret_of_a_capability_is_not_told() {
    run(async |server| {
        let app = server.connect(&server.install(Dna::good()).await.unwrap()).await;
        let good = app.params("good", nothing());
        let secret = good.cap_secret.unwrap();
        let hide = |text: &str| hides(text, secret.as_ref());
        // Refused for the nonce, for the function, for the zome, for the secret of another.
        let signed = app.sign(&good);
        app.send(signed.clone()).await.unwrap();
        hide(&app.send(signed).await.unwrap_err());
        hide(&app.call("nothing", ()).await.unwrap_err());
        let mut params = app.params("good", nothing());
        params.zome_name = "nobody".into();
        hide(&app.send(app.sign(&params)).await.unwrap_err());
        let wrong = CapSecret::from(std::array::from_fn(|at| u8::try_from(at + 100).unwrap()));
        let mut params = app.params("good", nothing());
        params.cap_secret = Some(wrong);
        hides(&app.send(app.sign(&params)).await.unwrap_err(), wrong.as_ref());
        // What administrators are shown of grants and of the conductor.
        hide(&format!("{:?}", server.admin.list_capability_grants(app.id.clone(), true).await.unwrap()));
        hide(&server.admin.dump_conductor_state().await.unwrap());
        log_hides(secret.as_ref());
        log_hides(wrong.as_ref());
    });
}

/// A conductor whose keystore is opened with a passphrase, and with another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_passphrase_is_not_told() {
    const RIGHT: &[u8] = b"right-passphrase-of-the-keystore";
    const WRONG: &[u8] = b"wrong-passphrase-of-the-keystore";
    capture();
    let directory = tempfile::tempdir().unwrap();
    let config = |passphrase| {
        Config::default().with_data(directory.path()).with_passphrase(Passphrase::new(passphrase))
    };
    let conductor = DevConductor::start_with(config(RIGHT)).await.unwrap();
    let admin = AdminWebsocket::connect(conductor.admin_address(), None).await.unwrap();
    admin.generate_agent_pub_key().await.unwrap();
    hides(&format!("{:?} {:?}", conductor, config(RIGHT)), RIGHT);
    conductor.shut_down().await;
    let error = DevConductor::start_with(config(WRONG)).await.expect_err("any passphrase opens it");
    hides(&format!("{error} {error:?}"), WRONG);
    let conductor = DevConductor::start_with(config(RIGHT)).await.unwrap();
    conductor.shut_down().await;
    for secret in [RIGHT, WRONG] {
        log_hides(secret);
        for file in files(directory.path()) {
            match std::fs::read(file) {
                // What was open may go a moment after the end.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                bytes => hides(&String::from_utf8_lossy(&bytes.unwrap()), secret),
            }
        }
    }
}

/// A directory that is gone when it is looked at has none.
fn files(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return found,
        entries => entries.unwrap(),
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path))
        } else if path.is_file() {
            found.push(path)
        }
    }
    found
}

#[test]
fn a_call_with_its_secret_is_not_written_down_when_its_connection_ends() {
    run(async |server| {
        let app = server.connect(&server.install(Dna::good()).await.unwrap()).await;
        let params = app.params("good", nothing());
        let secret = params.cap_secret.unwrap();
        let mut socket = crate::frames::authenticated(server, &app.id).await;
        let data = encode(&AppRequest::CallZome(Box::new(app.sign(&params))));
        send(&mut socket, &WireMessage::Request { id: 1, data: data.clone() }).await;
        // Half of it, and a request to the wrong interface.
        send(&mut socket, &WireMessage::Request { id: 2, data: data[..data.len() - 40].to_vec() }).await;
        let mut admin = open(server.conductor.admin_port()).await;
        send(&mut admin, &WireMessage::Request { id: 1, data }).await;
        answer(&mut admin).await.unwrap();
        send(&mut admin, &WireMessage::Request { id: 2, data: encode(&AdminRequest::ListDnas) }).await;
        answer(&mut admin).await.unwrap();
        drop((socket, admin));
        log_hides(secret.as_ref());
    });
}
