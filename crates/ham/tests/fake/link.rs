//! An app link on which a test reads the calls and says what becomes of each.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ham::{Exponential, PersistentHam, PersistentHamConfig, ProcessMemory, Secret, Signing, TokenFuture};
use ham_testkit::server::{Behaviour, Peer, Server};
use holochain_conductor_api::{AppInfo, AppResponse, ExternalApiWireError};
use holochain_zome_types::prelude::{ExternIO, ZomeCallParams};
use serde::Deserialize;
use url::Url;

use super::keys::Keys;
use super::words::{duplicate, no_function};
use super::{APP, answered, envelope, installation, refused, unreadable};

/// The roles of the app.
pub(crate) const ROLES: [&str; 2] = ["role", "other"];
const DIAL_AGAIN: Duration = Duration::from_millis(1);

/// A conductor whose app links are in the test's hands, and what it remembers.
pub(crate) struct Scripted {
    server: Server,
    /// The links share it, as a conductor's interfaces do.
    pub(crate) memory: ProcessMemory,
}

impl Scripted {
    pub(crate) async fn start() -> Self {
        Self { server: Server::start([Behaviour::Driven]).await.unwrap(), memory: ProcessMemory::apart() }
    }

    /// The configuration of a connection that signs with a keystore of its own, and dials again at once.
    pub(crate) fn config(&self) -> PersistentHamConfig {
        let url = Url::parse(&self.server.url()).unwrap();
        let token = || -> TokenFuture { Box::pin(async { Ok(Secret::new(b"token".to_vec())) }) };
        PersistentHamConfig::without_admin(url, token, APP)
            .with_signing(Signing::Keystore(Arc::new(Keys)))
            .with_memory(self.memory.clone())
            .with_retry(Exponential::new(DIAL_AGAIN, DIAL_AGAIN))
    }

    /// The next link, once the connection has asked for the app.
    pub(crate) async fn link(&self) -> AppLink {
        self.link_of(1).await
    }

    /// The next link of a conductor on which the app was installed so often.
    pub(crate) async fn link_of(&self, installation: u8) -> AppLink {
        loop {
            let peer = self.server.next_peer().await.unwrap();
            let mut link = AppLink::new(peer, installation);
            // One that its connection has given up meanwhile asks nothing any more.
            if link.serve_app_info().await {
                return link;
            }
        }
    }

    /// Cuts links, each with the next call on it, until so many are gone: the calls that were lost.
    pub(crate) async fn cut(&self, first: AppLink, links: usize) -> Vec<Arrived> {
        let mut lost = Vec::new();
        let mut first = Some(first);
        while lost.len() < links {
            let mut link = match first.take() {
                Some(link) => link,
                None => self.link().await,
            };
            lost.push(link.call().await);
        }
        lost
    }

    /// A connection, with its first link.
    pub(crate) async fn connect(&self, config: PersistentHamConfig) -> (PersistentHam, AppLink) {
        let (ham, link) = tokio::join!(PersistentHam::connect(config), self.link());
        (ham.unwrap(), link)
    }
}

/// One app link. Dropping it cuts it.
pub(crate) struct AppLink {
    peer: Peer,
    /// `None` once it was uninstalled.
    info: Option<AppInfo>,
    /// Whether it speaks as a release that remembers the last nonce of each key only.
    forgets: bool,
}

/// A call as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    id: u64,
    pub(crate) params: ZomeCallParams,
}

impl Arrived {
    pub(crate) fn function(&self) -> &str {
        &self.params.fn_name.0
    }

    /// Which call it is.
    pub(crate) fn nonce(&self) -> [u8; 32] {
        self.params.nonce.into_inner()
    }
}

#[derive(Deserialize)]
struct Named {
    r#type: String,
}

#[derive(Deserialize)]
struct CallZome {
    value: SignedBytes,
}

#[derive(Deserialize)]
struct SignedBytes {
    bytes: serde_bytes::ByteBuf,
}

enum Asked {
    Call(Box<Arrived>),
    AppInfo,
    /// What tells releases apart, and all else.
    Other,
}

impl AppLink {
    fn new(peer: Peer, nth: u8) -> Self {
        Self { peer, info: Some(installation(nth, &ROLES)), forgets: false }
    }

    /// The app was installed anew, while this link was there.
    pub(crate) fn reinstall(&mut self, nth: u8) {
        self.info = Some(installation(nth, &ROLES));
    }

    /// The app was uninstalled, while this link was there.
    pub(crate) fn uninstall(&mut self) {
        self.info = None;
    }

    /// Speaks as a release of 0.6 from here on.
    pub(crate) fn forget_nonces(mut self) -> Self {
        self.forgets = true;
        self
    }

    /// Answers until the app was asked for; false when the link ended instead.
    async fn serve_app_info(&mut self) -> bool {
        loop {
            match self.asked().await {
                Some(Asked::AppInfo) => return true,
                Some(_) => {}
                None => return false,
            }
        }
    }

    /// The next call. What else is asked before it is answered as a conductor answers it.
    pub(crate) async fn call(&mut self) -> Arrived {
        self.next_call().await.expect("the link lives")
    }

    /// As [`call`](Self::call); `None` when the link was closed instead.
    pub(crate) async fn next_call(&mut self) -> Option<Arrived> {
        loop {
            if let Asked::Call(call) = self.asked().await? {
                return Some(*call);
            }
        }
    }

    async fn asked(&mut self) -> Option<Asked> {
        let (id, data) = loop {
            let envelope = envelope(&self.peer.receive().await.ok()?);
            // Authentication has no answer.
            if let Some(id) = envelope.id {
                break (id, envelope.data);
            }
        };
        let name = rmp_serde::from_slice::<Named>(&data).unwrap().r#type;
        let message = match name.as_str() {
            "call_zome" => {
                let call: CallZome = rmp_serde::from_slice(&data).unwrap();
                let params = rmp_serde::from_slice(&call.value.bytes).unwrap();
                return Some(Asked::Call(Box::new(Arrived { id, params })));
            }
            "app_info" => answered(id, &AppResponse::AppInfo(self.info.clone())),
            // Holochain 0.7.1 cannot read what is no URL here; 0.6 none of the requests that tell releases apart.
            "peer_meta_info" => answered(id, &unreadable()),
            _ if self.forgets => answered(id, &unreadable()),
            _ => answered(id, &refused(&name)),
        };
        self.peer.send(message).await.ok()?;
        Some(if name == "app_info" { Asked::AppInfo } else { Asked::Other })
    }

    /// Answers a call.
    pub(crate) async fn answer(&mut self, call: &Arrived, output: &str) {
        self.send(call, &AppResponse::ZomeCalled(Box::new(ExternIO::encode(output).unwrap()))).await;
    }

    /// Refuses a call in these words.
    pub(crate) async fn refuse(&mut self, call: &Arrived, words: ExternalApiWireError) {
        self.send(call, &AppResponse::Error(words)).await;
    }

    async fn send(&mut self, call: &Arrived, response: &AppResponse) {
        self.peer.send(answered(call.id, response)).await.unwrap();
    }

    /// Does with a call what a conductor does: claims the nonce, looks for the function, runs it.
    pub(crate) async fn run(&mut self, call: &Arrived, nonces: &mut Nonces) {
        match nonces.claim(call) {
            false => self.refuse(call, duplicate()).await,
            true if call.function().contains("no_such_function") => self.refuse(call, no_function()).await,
            true => self.answer(call, call.function()).await,
        }
    }
}

/// The nonces that a conductor has seen.
#[derive(Default)]
pub(crate) struct Nonces(BTreeSet<[u8; 32]>);

impl Nonces {
    /// Whether the call is the first with its nonce.
    pub(crate) fn claim(&mut self, call: &Arrived) -> bool {
        self.0.insert(call.nonce())
    }
}
