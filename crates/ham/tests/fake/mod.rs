//! A conductor that follows a script: enough of one to connect, to grant and to lose.

mod keys;
pub(crate) mod link;
pub(crate) mod words;

use std::net::SocketAddr;

use ham::{AppInterface, Ham, HamConfig, PersistentHam, PersistentHamConfig, Secret, TokenFuture};
use ham_testkit::server::{Behaviour, Message, Peer, Server};
use holo_hash::{ActionHash, AgentPubKey, DnaHash};
use holochain_conductor_api::{
    AdminRequest, AdminResponse, AppAuthenticationTokenIssued, AppInfo, AppInterfaceInfo, AppResponse,
    CellInfo, ExternalApiWireError,
};
use holochain_types::prelude::{AppManifest, AppManifestV0, AppStatus};
use holochain_types::websocket::AllowedOrigins;
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{DnaModifiers, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

pub(crate) const APP: &str = "scripted";

#[derive(Deserialize)]
struct Envelope {
    r#type: String,
    id: Option<u64>,
    data: serde_bytes::ByteBuf,
}

#[derive(Serialize)]
struct Answer {
    r#type: &'static str,
    id: u64,
    data: serde_bytes::ByteBuf,
}

fn answered(id: u64, body: &impl Serialize) -> Message {
    let data = rmp_serde::to_vec_named(body).unwrap().into();
    rmp_serde::to_vec_named(&Answer { r#type: "response", id, data }).unwrap().into()
}

fn envelope(message: &Message) -> Envelope {
    rmp_serde::from_slice(message.payload()).unwrap()
}

/// What a script answers.
pub(crate) enum Words {
    /// Nothing.
    Silence,
    /// That it cannot read the request.
    Unreadable,
    /// That it can, and refuses it.
    Refused,
    /// This.
    Body(rmpv::Value),
}

fn unreadable() -> AdminResponse {
    AdminResponse::Error(ExternalApiWireError::Deserialization("Failed to deserialize request".into()))
}

fn refused(request: &str) -> AdminResponse {
    AdminResponse::Error(ExternalApiWireError::InternalError(format!("no {request} in the script")))
}

/// A conductor whose admin interface answers by itself, but for what the script keeps silent about, and whose app links
/// are in the test's hands.
pub(crate) struct Fake {
    pub(crate) admin: Server,
    pub(crate) app: Server,
}

impl Fake {
    /// One that never answers a request of which `silent` holds.
    pub(crate) async fn silent(silent: impl Fn(&AdminRequest) -> bool + Send + Sync + 'static) -> Self {
        let app = Server::start([Behaviour::Driven]).await.unwrap();
        let port = app.address().port();
        let admin = Behaviour::answer(move |message| {
            let envelope = envelope(&message);
            let Ok(request) = rmp_serde::from_slice::<AdminRequest>(&envelope.data) else {
                return envelope.id.map(|id| answered(id, &unreadable()));
            };
            envelope.id.filter(|_| !silent(&request)).map(|id| answered(id, &administered(&request, port)))
        });
        Self { admin: Server::start([admin]).await.unwrap(), app }
    }

    /// One that answers the requests that `script` has words for in its words, and the others as usual.
    pub(crate) async fn saying(script: impl Fn(&str) -> Option<Words> + Send + Sync + 'static) -> Self {
        let app = Server::start([Behaviour::Driven]).await.unwrap();
        let port = app.address().port();
        let admin = Behaviour::answer(move |message| {
            let envelope = envelope(&message);
            let request: rmpv::Value = rmp_serde::from_slice(&envelope.data).unwrap();
            let name = request["type"].as_str().unwrap_or_default();
            let id = envelope.id?;
            Some(match script(name) {
                Some(Words::Silence) => return None,
                Some(Words::Unreadable) => answered(id, &unreadable()),
                Some(Words::Refused) => answered(id, &refused(name)),
                Some(Words::Body(body)) => answered(id, &body),
                None => match rmp_serde::from_slice::<AdminRequest>(&envelope.data) {
                    Ok(request) => answered(id, &administered(&request, port)),
                    Err(_) => answered(id, &unreadable()),
                },
            })
        });
        Self { admin: Server::start([admin]).await.unwrap(), app }
    }

    pub(crate) fn config(&self) -> HamConfig {
        HamConfig::new(self.admin.address().port(), 0, APP)
    }

    /// Connects while the app interface serves one link.
    pub(crate) async fn connect(&self, config: HamConfig) -> anyhow::Result<Ham> {
        let serving = async {
            let mut peer = self.app.next_peer().await.unwrap();
            serve(&mut peer).await;
        };
        tokio::select! {
            result = Ham::connect(config) => result,
            () = serving => unreachable!("serving ends with the link"),
        }
    }
}

/// A persistent connection that does not need the admin interface to come up.
pub(crate) fn persistent(admin: SocketAddr, app: &Server) -> PersistentHam {
    PersistentHam::start(without_setup(admin, app)).unwrap()
}

/// Its configuration.
pub(crate) fn without_setup(admin: SocketAddr, app: &Server) -> PersistentHamConfig {
    let url = |address: SocketAddr| Url::parse(&format!("ws://{address}/")).unwrap();
    let mut config =
        PersistentHamConfig::new(url(admin), APP).with_app(AppInterface::Url(url(app.address())));
    let token = || -> TokenFuture { Box::pin(async { Ok(Secret::new(b"token".to_vec())) }) };
    config.token = ham::TokenSource::Provider(std::sync::Arc::new(token));
    config
}

/// Answers app info, and every other request with an error, until the link ends.
pub(crate) async fn serve(peer: &mut Peer) {
    serve_while(peer, || true).await
}

/// The same of a conductor that has the app while `installed` says so.
pub(crate) async fn serve_while(peer: &mut Peer, installed: impl Fn() -> bool) {
    while serve_one_while(peer, &installed).await {}
    std::future::pending().await
}

/// Answers the next request; false when the link has ended.
pub(crate) async fn serve_one(peer: &mut Peer) -> bool {
    serve_one_while(peer, || true).await
}

async fn serve_one_while(peer: &mut Peer, installed: impl Fn() -> bool) -> bool {
    loop {
        let Ok(message) = peer.receive().await else { return false };
        let envelope = envelope(&message);
        // Authentication has no answer.
        let Some(id) = envelope.id else { continue };
        let request: rmpv::Value = rmp_serde::from_slice(&envelope.data).unwrap();
        let asked = request["type"].as_str().unwrap_or(&envelope.r#type).to_owned();
        let answer = match asked.as_str() {
            "app_info" => AppResponse::AppInfo(installed().then(app_info)),
            _ => AppResponse::Error(ExternalApiWireError::InternalError(format!("no {asked} in the script"))),
        };
        return peer.send(answered(id, &answer)).await.is_ok();
    }
}

fn administered(request: &AdminRequest, port: u16) -> AdminResponse {
    match request {
        AdminRequest::ListAppInterfaces => AdminResponse::AppInterfacesListed(vec![AppInterfaceInfo {
            port,
            allowed_origins: AllowedOrigins::Any,
            installed_app_id: None,
        }]),
        AdminRequest::ListApps { .. } => AdminResponse::AppsListed(vec![app_info()]),
        AdminRequest::IssueAppAuthenticationToken(_) => {
            AdminResponse::AppAuthenticationTokenIssued(AppAuthenticationTokenIssued {
                token: b"token".to_vec(),
                expires_at: None,
            })
        }
        AdminRequest::DumpState { .. } => {
            AdminResponse::StateDumped(r#"[{"source_chain_dump":{"records":[]}},""]"#.to_owned())
        }
        AdminRequest::GrantZomeCallCapability(_) => {
            AdminResponse::ZomeCallCapabilityGranted(ActionHash::from_raw_32(vec![3; 32]))
        }
        other => refused(&format!("{other:?}")),
    }
}

fn app_info() -> AppInfo {
    installation(1, &["role"])
}

/// The app as it is after its `nth` installation: each role has a cell of its own, whose DNA tells both.
fn installation(nth: u8, roles: &[&str]) -> AppInfo {
    let agent_pub_key = AgentPubKey::from_raw_32(vec![2; 32]);
    let cell_info = roles.iter().zip(0..).map(|(role, place): (_, u8)| {
        let cell_id = CellId::new(DnaHash::from_raw_32(vec![nth + 100 * place; 32]), agent_pub_key.clone());
        let dna_modifiers = DnaModifiers { network_seed: String::new(), properties: ().try_into().unwrap() };
        let cell = CellInfo::new_provisioned(cell_id, dna_modifiers, (*role).to_owned());
        ((*role).to_owned(), vec![cell])
    });
    AppInfo {
        installed_app_id: APP.to_owned(),
        cell_info: cell_info.collect(),
        status: AppStatus::Enabled,
        agent_pub_key: agent_pub_key.clone(),
        manifest: AppManifest::V0(AppManifestV0 {
            name: APP.to_owned(),
            description: None,
            roles: Vec::new(),
            allow_deferred_memproofs: false,
            bootstrap_url: None,
            relay_url: None,
        }),
        installed_at: Timestamp::from_micros(i64::from(nth)),
    }
}
