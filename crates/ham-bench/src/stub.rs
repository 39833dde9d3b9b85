//! A conductor that answers at once: its admin and app interfaces, as far as clients need them to call a zome.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use holo_hash::{ActionHash, AgentPubKey, DnaHash};
use holochain_conductor_api::{
    AdminResponse, AppAuthenticationTokenIssued, AppInfo, AppInterfaceInfo, AppResponse, CellInfo,
    ExternalApiWireError,
};
use holochain_types::app::AppStatus;
use holochain_types::prelude::{AppManifest, ExternIO, SerializedBytes, Timestamp, UnsafeBytes};
use holochain_types::websocket::AllowedOrigins;
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{AppCapGrantInfo, DnaModifiers};
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::{envelope, upgrade};

/// The app it runs.
pub const APP_ID: &str = "bench";

/// What every zome call returns.
pub const ZOME_ANSWER: &str = "done";

/// The app's one cell.
#[must_use]
pub fn cell_id() -> CellId {
    CellId::new(DnaHash::from_raw_32(vec![1; 32]), AgentPubKey::from_raw_32(vec![2; 32]))
}

/// The conductor, on a thread and runtime of its own. Ends with the process.
#[derive(Debug)]
pub struct StubConductor {
    admin: SocketAddr,
    app: SocketAddr,
}

impl StubConductor {
    /// Starts it on two free loopback ports.
    ///
    /// # Panics
    /// When the machine gives no port or thread.
    #[must_use]
    pub fn start() -> Self {
        let (told, addresses) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let admin = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
                let app = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
                let app_address = app.local_addr().expect("a bound socket");
                told.send((admin.local_addr().expect("a bound socket"), app_address))
                    .expect("the starter waits");
                let answers = Arc::new(Answers::new(app_address.port()));
                tokio::join!(listen(admin, Answers::admin, &answers), listen(app, Answers::app, &answers));
            });
        });
        let (admin, app) = addresses.recv().expect("the stub starts");
        Self { admin, app }
    }

    /// One that another process has started.
    #[must_use]
    pub fn at(admin: SocketAddr, app: SocketAddr) -> Self {
        Self { admin, app }
    }

    /// Its admin interface.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Its app interface.
    #[must_use]
    pub fn app(&self) -> SocketAddr {
        self.app
    }
}

type Pick = fn(&Answers, &str) -> Bytes;

async fn listen(listener: TcpListener, pick: Pick, answers: &Arc<Answers>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::runtime::Handle::current().spawn(serve(stream, pick, Arc::clone(answers)));
    }
}

/// Answers each request at once; answers that are ready together leave together. A client that goes away ends it.
async fn serve(mut stream: TcpStream, pick: Pick, answers: Arc<Answers>) {
    if upgrade::accept(&mut stream).await.is_err() {
        return;
    }
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    while let Some(Ok(message)) = socket.next().await {
        let mut next = Some(message);
        while let Some(message) = next {
            if let Message::Binary(frame) = &message
                && let Some((id, body)) = request(frame)
            {
                let answer = envelope::response(id, &pick(&answers, body));
                if socket.feed(Message::Binary(answer)).await.is_err() {
                    return;
                }
            }
            next = match futures_util::FutureExt::now_or_never(socket.next()) {
                Some(Some(Ok(message))) => Some(message),
                Some(_) => return,
                None => None,
            };
        }
        if socket.flush().await.is_err() {
            return;
        }
    }
}

/// The id and the kind of a request; `authenticate` has no id and gets no answer.
fn request(frame: &[u8]) -> Option<(u64, &str)> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        id: Option<u64>,
        #[serde(borrow)]
        data: &'a serde_bytes::Bytes,
    }
    #[derive(Deserialize)]
    struct Kind<'a> {
        r#type: &'a str,
    }
    let envelope: Envelope<'_> = rmp_serde::from_slice(frame).expect("an envelope");
    let id = envelope.id?;
    let data: &[u8] = envelope.data;
    Some((id, rmp_serde::from_slice::<Kind<'_>>(data).expect("a tagged request").r#type))
}

/// Everything it says, encoded once.
struct Answers {
    app_info: Bytes,
    zome_called: Bytes,
    interfaces: Bytes,
    token: Bytes,
    apps: Bytes,
    grants: Bytes,
    dump: Bytes,
    granted: Bytes,
    no_such_cell: Bytes,
    unreadable: Bytes,
}

impl Answers {
    fn new(app_port: u16) -> Self {
        let interface = AppInterfaceInfo {
            port: app_port,
            allowed_origins: AllowedOrigins::Any,
            installed_app_id: Some(APP_ID.into()),
        };
        let token = AppAuthenticationTokenIssued { token: vec![3; 64], expires_at: None };
        let output = ExternIO::encode(ZOME_ANSWER).expect("a text");
        let dump = r#"[{"source_chain_dump":{"records":[]}},"nothing"]"#.to_owned();
        Self {
            app_info: encode(&AppResponse::AppInfo(Some(app_info()))),
            zome_called: encode(&AppResponse::ZomeCalled(Box::new(output))),
            apps: encode(&AdminResponse::AppsListed(vec![app_info()])),
            interfaces: encode(&AdminResponse::AppInterfacesListed(vec![interface])),
            token: encode(&AdminResponse::AppAuthenticationTokenIssued(token)),
            grants: encode(&AdminResponse::CapabilityGrantsInfo(AppCapGrantInfo(Vec::new()))),
            dump: encode(&AdminResponse::StateDumped(dump)),
            granted: encode(&AdminResponse::ZomeCallCapabilityGranted(ActionHash::from_raw_32(vec![4; 32]))),
            no_such_cell: encode(&AdminResponse::Error(ExternalApiWireError::InternalError("none".into()))),
            unreadable: encode(&AdminResponse::Error(ExternalApiWireError::Deserialization("what?".into()))),
        }
    }

    fn app(&self, kind: &str) -> Bytes {
        match kind {
            "call_zome" => self.zome_called.clone(),
            "app_info" => self.app_info.clone(),
            other => panic!("the stub's app interface does not know `{other}`"),
        }
    }

    fn admin(&self, kind: &str) -> Bytes {
        match kind {
            "list_apps" => self.apps.clone(),
            "list_app_interfaces" => self.interfaces.clone(),
            "issue_app_authentication_token" => self.token.clone(),
            "list_capability_grants" => self.grants.clone(),
            "dump_state" => self.dump.clone(),
            "grant_zome_call_capability" => self.granted.clone(),
            // What tells a client that this is 0.7.1.
            "grant_direct_signal_capability" => self.no_such_cell.clone(),
            "peer_meta_info" => self.unreadable.clone(),
            other => panic!("the stub's admin interface does not know `{other}`"),
        }
    }
}

fn app_info() -> AppInfo {
    let manifest: AppManifest = serde_json::from_value(serde_json::json!({
        "manifest_version": "0", "name": APP_ID, "description": null, "roles": [],
    }))
    .expect("a manifest");
    let modifiers = DnaModifiers {
        network_seed: "bench".into(),
        properties: SerializedBytes::from(UnsafeBytes::from(vec![0xc0])),
    };
    let cell = CellInfo::new_provisioned(cell_id(), modifiers, "role".into());
    AppInfo {
        installed_app_id: APP_ID.into(),
        cell_info: [("role".to_owned(), vec![cell])].into_iter().collect(),
        status: AppStatus::Enabled,
        agent_pub_key: cell_id().agent_pubkey().clone(),
        manifest,
        installed_at: Timestamp::from_micros(0),
    }
}

fn encode<T: Serialize>(value: &T) -> Bytes {
    rmp_serde::to_vec_named(value).expect("an answer").into()
}
