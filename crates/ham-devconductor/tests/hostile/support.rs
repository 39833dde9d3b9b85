//! One conductor for all tests, and what they say to it.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ed25519_dalek::Signer as _;
use ham_devconductor::{Config, DevConductor, Limits};
use holochain_client::{
    AdminWebsocket, AppWebsocket, AuthorizeSigningCredentialsPayload, CellInfo, ClientAgentSigner,
    SigningCredentials,
};
use holochain_conductor_api::{ExternalApiWireError, ZomeCallParamsSigned};
use holochain_types::app::{AppBundleSource, InstallAppPayload};
use holochain_zome_types::prelude::{CellId, ExternIO, Signature, Timestamp, ZomeCallParams};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

use crate::secrets;
use crate::zome::{self, Dna};

/// Enough for every zome that behaves; an endless loop takes a tenth of a second.
const FUEL: NonZeroU64 = NonZeroU64::new(100_000_000).unwrap();

/// Enough for every zome that behaves.
pub(crate) const MEMORY: u64 = 64 << 20;

/// How long anything may take before it counts as hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A conductor with one app that behaves.
pub(crate) struct Server {
    pub(crate) conductor: DevConductor,
    pub(crate) admin: AdminWebsocket,
    pub(crate) port: u16,
    good: OnceCell<App>,
}

/// An app and the right to call it.
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) client: AppWebsocket,
    pub(crate) cell: CellId,
    zome: &'static str,
    credentials: SigningCredentials,
}

/// Runs a test with the conductor that all tests share, and then has it serve.
pub(crate) fn run<F: Future<Output = ()>>(test: impl FnOnce(&'static Server) -> F) {
    static SHARED: LazyLock<(Runtime, Server)> = LazyLock::new(|| {
        secrets::capture();
        let runtime = Runtime::new().unwrap();
        let limits = Limits::default().with_fuel(FUEL).with_memory(MEMORY);
        let server = runtime.block_on(Server::with(Config::default().with_limits(limits)));
        (runtime, server)
    });
    let (runtime, server) = &*SHARED;
    runtime.block_on(async {
        tokio::time::timeout(PATIENCE, test(server)).await.expect("the conductor does not answer");
        tokio::time::timeout(PATIENCE, server.serves()).await.expect("the conductor serves nobody any more");
    });
}

impl Server {
    pub(crate) async fn with(config: Config) -> Self {
        let conductor = DevConductor::start_with(config).await.unwrap();
        let admin = AdminWebsocket::connect(conductor.admin_address(), None).await.unwrap();
        let port = conductor.attach_app_interface(0).await.unwrap();
        Self { conductor, admin, port, good: OnceCell::new() }
    }

    /// Serves a client that connects now. The right to call is given once: two that are given at once exclude each other.
    pub(crate) async fn serves(&self) {
        let install = async || {
            let id = self.install(Dna::good()).await.unwrap();
            self.connect(&id).await
        };
        let good = self.good.get_or_init(install).await;
        let (client, _) = self.client(&good.id, "role 0").await;
        let answer = client.signed_call_zome(good.sign(&good.params("good", nothing()))).await;
        assert_eq!(answer.map_err(text).unwrap(), nothing());
    }

    /// Installs an app of one DNA.
    pub(crate) async fn install(&self, dna: Dna) -> Result<String, String> {
        self.install_bytes(zome::app(&fresh_name(), &[dna])).await
    }

    /// Installs and enables through the admin interface.
    pub(crate) async fn install_bytes(&self, bundle: Vec<u8>) -> Result<String, String> {
        let source = AppBundleSource::Bytes(bundle.into());
        let installed = self.admin.install_app(payload(source)).await.map_err(text)?;
        let id = installed.installed_app_id;
        self.admin.enable_app(id.clone()).await.map_err(text)?;
        Ok(id)
    }

    /// Why an app of one DNA is refused.
    pub(crate) async fn refusal(&self, dna: Dna) -> String {
        self.install(dna).await.expect_err("it was installed")
    }

    /// An app whose coordinator zome has the function `run` with this body.
    pub(crate) async fn app(&self, imports: &str, body: &str) -> App {
        let id = self.install(Dna::with_coordinator(&zome::module(imports, body))).await.unwrap();
        self.connect(&id).await
    }

    /// The app with a function for every feature of the HDK.
    pub(crate) async fn features(&self) -> &App {
        static APP: OnceCell<App> = OnceCell::const_new();
        APP.get_or_init(|| self.new_features()).await
    }

    /// The same for a test that looks at the whole chain.
    pub(crate) async fn new_features(&self) -> App {
        let bundle = concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/features.happ");
        let id = self.install_bytes(std::fs::read(bundle).unwrap()).await.unwrap();
        self.connect_to(&id, "features", "features").await
    }

    /// A client of an installed app, and the cell of a role.
    pub(crate) async fn client(&self, id: &str, role: &str) -> (AppWebsocket, CellId) {
        let token = self.admin.issue_app_auth_token(id.to_owned().into()).await.unwrap().token;
        let signer = Arc::new(ClientAgentSigner::default());
        let client = AppWebsocket::connect(("127.0.0.1", self.port), token, signer, None).await.unwrap();
        let Some(CellInfo::Provisioned(cell)) = client.cached_app_info().cell_info[role].first() else {
            panic!("{role} is not provisioned")
        };
        let cell = cell.cell_id.clone();
        (client, cell)
    }

    /// A client that may call the zome of an app that is written by hand.
    pub(crate) async fn connect(&self, id: &str) -> App {
        self.connect_to(id, "role 0", "zome").await
    }

    async fn connect_to(&self, id: &str, role: &str, zome: &'static str) -> App {
        let (client, cell) = self.client(id, role).await;
        let payload = AuthorizeSigningCredentialsPayload { cell_id: cell.clone(), functions: None };
        let credentials = self.admin.authorize_signing_credentials(payload).await.unwrap();
        App { id: id.to_owned(), client, cell, zome, credentials }
    }
}

impl App {
    /// What is signed for a call of the coordinator zome, for a test to change.
    pub(crate) fn params(&self, function: &str, payload: ExternIO) -> ZomeCallParams {
        let (nonce, expires_at) = holochain_nonce::fresh_nonce(Timestamp::now()).unwrap();
        ZomeCallParams {
            provenance: self.credentials.signing_agent_key.clone(),
            cell_id: self.cell.clone(),
            zome_name: self.zome.into(),
            fn_name: function.into(),
            cap_secret: Some(self.credentials.cap_secret),
            payload,
            nonce,
            expires_at,
        }
    }

    pub(crate) fn sign(&self, params: &ZomeCallParams) -> ZomeCallParamsSigned {
        let bytes = ExternIO::encode(params).unwrap();
        let hash = holo_hash::sha2_512(bytes.as_bytes());
        let signature = Signature(self.credentials.keypair.sign(&hash).to_bytes());
        ZomeCallParamsSigned { bytes, signature }
    }

    pub(crate) async fn send(&self, signed: ZomeCallParamsSigned) -> Result<ExternIO, String> {
        self.client.signed_call_zome(signed).await.map_err(text)
    }

    /// Signs a call and sends it.
    pub(crate) async fn call<I: serde::Serialize + std::fmt::Debug>(
        &self,
        function: &str,
        input: I,
    ) -> Result<ExternIO, String> {
        self.send(self.sign(&self.params(function, ExternIO::encode(input).unwrap()))).await
    }

    /// Why the function `run` fails. A zome that serves is served after it.
    pub(crate) async fn failure(&self) -> String {
        let error = self.call("run", ()).await.expect_err("it was answered");
        self.call("good", ()).await.expect("the zome's other function");
        error
    }
}

/// What a client is told.
pub(crate) fn text(error: holochain_client::ConductorApiError) -> String {
    match error {
        holochain_client::ConductorApiError::ExternalApiWireError(error) => wire_text(&error),
        other => panic!("the connection failed: {other:?}"),
    }
}

fn wire_text(error: &ExternalApiWireError) -> String {
    format!("{error:?}")
}

pub(crate) fn payload(source: AppBundleSource) -> InstallAppPayload {
    InstallAppPayload {
        source,
        agent_key: None,
        installed_app_id: Some(fresh_name()),
        network_seed: None,
        roles_settings: None,
        ignore_genesis_failure: false,
        restore_from_dht: false,
    }
}

/// The argument, and the answer, of a function that has none.
pub(crate) fn nothing() -> ExternIO {
    ExternIO::encode(()).unwrap()
}

/// A name that nothing else here has.
pub(crate) fn fresh_name() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("app {}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Fails unless the text has the part.
#[track_caller]
pub(crate) fn says(text: &str, part: &str) {
    assert!(text.contains(part), "no {part:?} in: {text}");
}
