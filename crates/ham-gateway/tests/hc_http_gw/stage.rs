//! A conductor with two apps, and both gateways before it.

use std::net::{SocketAddr, TcpListener};

use ham::{PersistentHam, PersistentHamConfig};
use ham_gateway::{Config, Server};
use ham_launcher::{Conductor, HappBundleSource, Install, InstallOptions};
use holochain_conductor_api::CellInfo;
use holochain_types::prelude::ActionHash;
use serde_json::json;
use tokio::process::{Child, Command};

use crate::asking::ask;

/// May be called by its listed functions.
pub(crate) const APP: &str = "fixture1";
/// Is there, and may not be called.
pub(crate) const OTHER: &str = "fixture2";
const FUNCTIONS: &str = "probe/echo_text,probe/slow_echo,probe/list_items,probe/get_item,probe/fail";
/// Names the other gateway's binary.
const THEIRS: &str = "HAM_HC_HTTP_GW";

pub(crate) struct Stage {
    pub(crate) conductor: Conductor,
    pub(crate) ours: Server,
    pub(crate) theirs: Option<Theirs>,
    /// Of the role `probe`.
    pub(crate) dna: String,
    /// An item that was written.
    pub(crate) item: ActionHash,
}

/// The other gateway; ends with this.
pub(crate) struct Theirs {
    _process: Child,
    pub(crate) address: SocketAddr,
}

impl Stage {
    /// Calls take so many milliseconds at most.
    pub(crate) async fn set(timeout_ms: u32) -> Self {
        let install = Install::of_test(env!("CARGO_CRATE_NAME")).await.unwrap();
        let bundle = HappBundleSource::Path(install.probe_bundle_path());
        let conductor = Conductor::builder().with_install(install).start().await.unwrap();
        for app in [OTHER, APP] {
            conductor.install_app(&bundle, app, InstallOptions::default()).await.unwrap();
            conductor.enable(app).await.unwrap();
        }
        let info = conductor.wait_until_callable(APP).await.unwrap();
        let CellInfo::Provisioned(cell) = &info.cell_info["probe"][0] else { unreachable!("{info:?}") };
        let ham =
            PersistentHam::connect(PersistentHamConfig::local(conductor.admin_port(), APP)).await.unwrap();
        let item = json!({ "call_id": "the first", "body": "to be read" });
        let item = ham.call_zome("probe", "probe", "create_item", item).await.unwrap();
        ham.close().await;
        let variables = variables(conductor.admin_port(), timeout_ms);
        let config = Config::hc_http_gw().with_hc_http_gw(variables.clone()).unwrap();
        let ours = Server::start(config).await.unwrap();
        ours.ready().await;
        let theirs = theirs(variables).await;
        let dna = cell.cell_id.dna_hash().to_string();
        Self { conductor, ours, theirs, dna, item }
    }

    /// The address of a function of the app.
    pub(crate) fn call(&self, function: &str) -> String {
        format!("/{}/{APP}/probe/{function}", self.dna)
    }

    pub(crate) async fn end(self) {
        self.ours.stop().await;
        self.conductor.stop().await.unwrap();
    }
}

/// As both read them.
fn variables(admin_port: u16, timeout_ms: u32) -> Vec<(String, String)> {
    [
        ("ADMIN_WS_URL", format!("ws://localhost:{admin_port}")),
        ("ALLOWED_APP_IDS", APP.to_owned()),
        (&format!("ALLOWED_FNS_{APP}"), FUNCTIONS.to_owned()),
        ("PAYLOAD_LIMIT_BYTES", "1024".to_owned()),
        ("ZOME_CALL_TIMEOUT_MS", timeout_ms.to_string()),
        ("PORT", "0".to_owned()),
    ]
    .map(|(name, value)| (format!("HC_GW_{name}"), value))
    .into()
}

async fn theirs(variables: Vec<(String, String)>) -> Option<Theirs> {
    let Some(binary) = std::env::var_os(THEIRS) else {
        eprintln!("{THEIRS} names no binary: what it answers is taken as it was recorded");
        return None;
    };
    // It does not say which port it was given.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let process = Command::new(binary)
        .envs(variables)
        .env("HC_GW_PORT", address.port().to_string())
        .env("RUST_LOG", "error")
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    while tokio::net::TcpStream::connect(address).await.is_err() {
        tokio::task::yield_now().await;
    }
    assert_eq!(ask(address, "GET", "/health").await.status, 200);
    Some(Theirs { _process: process, address })
}
