//! One embedded conductor for those tests of a file that leave it alive, and clients of it.

#![allow(clippy::allow_attributes, dead_code, reason = "each test file uses a part of it")]
#![expect(clippy::unwrap_used, reason = "a test helper fails its test by panicking")]

pub(crate) mod npm;

use std::collections::HashMap;
use std::future::Future;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Weak};
use std::time::Duration;

use ham_devconductor::DevConductor;
use holochain_client::{
    AdminWebsocket, AllowedOrigins, AppInfo, AppWebsocket, AuthorizeSigningCredentialsPayload, CellId,
    CellInfo, ClientAgentSigner, ConductorApiResult, ExternIO, InstallAppPayload, ZomeCallTarget,
};
use holochain_types::app::{AppBundleSource, RoleSettings};
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, OnceCell};

/// Reaching it means a hang.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

/// Runtime of all tests of a file: what they share lives in it.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap());
static SHARED: Mutex<Weak<Shared>> = Mutex::const_new(Weak::new());

/// The conductor, for as long as a test uses it.
pub(crate) struct Shared {
    pub(crate) conductor: DevConductor,
    probe: OnceCell<AppInfo>,
}

/// Runs a test on the conductor that others use as well. The last one that uses it shuts it down: a static would outlive the
/// process, and its directory with it.
pub(crate) fn shared(test: impl AsyncFnOnce(&Shared)) {
    alone(async {
        let shared = {
            let mut current = SHARED.lock().await;
            match current.upgrade() {
                Some(shared) => shared,
                None => {
                    let conductor = DevConductor::start().await.unwrap();
                    let shared = Arc::new(Shared { conductor, probe: OnceCell::new() });
                    *current = Arc::downgrade(&shared);
                    shared
                }
            }
        };
        test(&shared).await;
        if let Some(last) = Arc::into_inner(shared) {
            last.conductor.shut_down().await;
        }
    });
}

/// Runs a test with a conductor of its own, or with several.
pub(crate) fn alone(test: impl Future<Output = ()>) {
    RUNTIME.block_on(must(test));
}

/// Waits for what must happen, so that a failing test ends.
pub(crate) async fn must<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, what).await.expect("it happens")
}

impl Shared {
    pub(crate) async fn admin(&self) -> AdminWebsocket {
        admin(&self.conductor).await
    }

    /// The probe, installed for all tests that only read or whose writes nobody counts.
    pub(crate) async fn probe(&self) -> &AppInfo {
        self.probe.get_or_init(async || install(&self.admin().await, "probe.happ", "shared").await).await
    }
}

pub(crate) async fn admin(conductor: &DevConductor) -> AdminWebsocket {
    AdminWebsocket::connect(conductor.admin_address(), None).await.unwrap()
}

pub(crate) fn bundle_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../happ/bundle").join(name)
}

/// Asks for an app of this bundle under this id, with a key of its own.
pub(crate) fn request(bundle: &str, id: &str) -> InstallAppPayload {
    InstallAppPayload {
        source: AppBundleSource::Path(bundle_path(bundle)),
        agent_key: None,
        installed_app_id: Some(id.to_owned()),
        network_seed: None,
        roles_settings: None::<HashMap<String, RoleSettings>>,
        ignore_genesis_failure: false,
        restore_from_dht: false,
    }
}

/// Installs an app and enables it.
pub(crate) async fn install(admin: &AdminWebsocket, bundle: &str, id: &str) -> AppInfo {
    let app = admin.install_app(request(bundle, id)).await.unwrap();
    admin.enable_app(id.to_owned()).await.unwrap();
    app
}

/// Connects to an app over an interface of its own; nothing is authorized.
pub(crate) async fn connect(admin: &AdminWebsocket, id: &str) -> (AppWebsocket, ClientAgentSigner) {
    let port = admin.attach_app_interface(0, None, AllowedOrigins::Any, None).await.unwrap();
    connect_to(admin, id, port).await
}

pub(crate) async fn connect_to(
    admin: &AdminWebsocket,
    id: &str,
    port: u16,
) -> (AppWebsocket, ClientAgentSigner) {
    let signer = ClientAgentSigner::default();
    (connect_as(admin, id, port, &signer).await, signer)
}

/// Connects to an app with a signer that may be authorized already.
pub(crate) async fn connect_as(
    admin: &AdminWebsocket,
    id: &str,
    port: u16,
    signer: &ClientAgentSigner,
) -> AppWebsocket {
    let token = admin.issue_app_auth_token(id.to_owned().into()).await.unwrap().token;
    let address = (Ipv4Addr::LOCALHOST, port);
    AppWebsocket::connect(address, token, signer.clone().into(), None).await.unwrap()
}

/// Connects to an app and lets the client call every function of the cell of one of its roles.
pub(crate) async fn enter(admin: &AdminWebsocket, id: &str, role: &str) -> (AppWebsocket, CellId) {
    let (client, signer) = connect(admin, id).await;
    let cell = cell(client.cached_app_info(), role);
    authorize(admin, &signer, &cell).await;
    (client, cell)
}

/// Lets this signer call every function of a cell. One after the other: of two grants at once in a chain one is refused, here
/// as by `holochain`.
pub(crate) async fn authorize(admin: &AdminWebsocket, signer: &ClientAgentSigner, cell: &CellId) {
    static TURN: Mutex<()> = Mutex::const_new(());
    let _turn = TURN.lock().await;
    let payload = AuthorizeSigningCredentialsPayload { cell_id: cell.clone(), functions: None };
    let credentials = admin.authorize_signing_credentials(payload).await.unwrap();
    signer.add_credentials(cell.clone(), credentials);
}

/// The cell that a role was installed with.
pub(crate) fn cell(app: &AppInfo, role: &str) -> CellId {
    let CellInfo::Provisioned(cell) = &app.cell_info[role][0] else { panic!("{role} is not provisioned") };
    cell.cell_id.clone()
}

/// Calls the zome `probe`.
pub(crate) async fn call<O: serde::de::DeserializeOwned + std::fmt::Debug>(
    client: &AppWebsocket,
    target: impl Into<ZomeCallTarget>,
    function: &str,
    input: impl serde::Serialize + std::fmt::Debug,
) -> ConductorApiResult<O> {
    let input = ExternIO::encode(input).unwrap();
    let output = client.call_zome(target.into(), "probe".into(), function.into(), input).await?;
    Ok(output.decode().unwrap())
}
