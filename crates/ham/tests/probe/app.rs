//! An app of a test's own, on the conductor that all tests share.

use std::fmt::Debug;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ham::Signal;
use ham::{PersistentHam, PersistentHamConfig, SignalItem};
use ham_launcher::{Conductor, Install, InstallOptions};
use holochain_types::prelude::*;
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, OnceCell};

/// Long enough for a conductor that compiles its zomes on a loaded machine: running into it means a hang.
const TIMEOUT: Duration = Duration::from_secs(240);

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap());

/// Runs one test after the other: a conductor answers administrative writes that meet with "database is locked".
pub(crate) fn run(test: impl Future<Output = ()>) {
    static TURN: Mutex<()> = Mutex::const_new(());
    RUNTIME.block_on(async {
        let _turn = TURN.lock().await;
        install().await;
        tokio::time::timeout(TIMEOUT, test).await.expect("the test hangs");
    });
}

/// An app of the test's own on the conductor that all tests share.
pub(crate) async fn app() -> Features {
    static SHARED: OnceCell<Conductor> = OnceCell::const_new();
    app_on(SHARED.get_or_init(start).await).await
}

pub(crate) async fn start() -> Conductor {
    Conductor::builder().with_install(install().await).start().await.unwrap()
}

/// These tests are built twice: as `probe` and as `embedded_probe`.
pub(crate) async fn install() -> Install {
    Install::of_test(env!("CARGO_CRATE_NAME")).await.unwrap()
}

pub(crate) async fn app_on(conductor: &Conductor) -> Features {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let app_id = format!("features-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../happ/bundle/features.happ");
    let options = InstallOptions { network_seed: Some(app_id.clone()), ..InstallOptions::default() };
    conductor.install_app(&AppBundleSource::Path(bundle), &app_id, options).await.unwrap();
    conductor.enable(&app_id).await.unwrap();
    conductor.wait_until_callable(&app_id).await.unwrap();
    // What conductors do with calls that meet is a matter of these tests.
    let config =
        PersistentHamConfig::local(conductor.admin_port(), &app_id).with_deadline(TIMEOUT).with_lanes(false);
    Features(PersistentHam::connect(config).await.unwrap())
}

pub(crate) struct Features(pub(crate) PersistentHam);

impl Features {
    /// The answer of a function of the zome `features`.
    pub(crate) async fn ask<O: DeserializeOwned>(
        &self,
        function: &str,
        payload: impl Serialize + Debug,
    ) -> O {
        self.ask_zome("features", function, payload).await.unwrap_or_else(|e| panic!("{function}: {e}"))
    }

    /// The text of its error.
    pub(crate) async fn refused(&self, function: &str, payload: impl Serialize + Debug) -> String {
        self.ask_zome::<IgnoredAny>("features", function, payload).await.unwrap_err()
    }

    pub(crate) async fn ask_zome<O: DeserializeOwned>(
        &self,
        zome: &str,
        function: &str,
        payload: impl Serialize + Debug,
    ) -> Result<O, String> {
        self.0.call_zome("features", zome, function, payload).await.map_err(|e| format!("{e:?}"))
    }

    pub(crate) async fn chain_length(&self) -> usize {
        self.ask::<Vec<Record>>("query_chain", ChainQueryFilter::new()).await.len()
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Told {
    pub(crate) r#type: String,
    pub(crate) zome: Option<String>,
    pub(crate) actions: Option<Vec<SignedActionHashed>>,
    pub(crate) text: Option<String>,
}

/// What the zomes signal next.
pub(crate) async fn told(signals: &mut ham::Signals) -> Told {
    loop {
        let SignalItem::Signal(signal) = signals.next().await.unwrap() else { continue };
        let Signal::App { signal, .. } = &*signal else { continue };
        return signal.clone().into_inner().decode().unwrap();
    }
}
