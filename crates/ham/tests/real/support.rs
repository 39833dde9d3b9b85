//! The shared conductor, and apps on it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ham::{CallError, PersistentHam, PersistentHamConfig};
use ham_launcher::{Conductor, ConductorBuilder, HappBundleSource, Install, InstallOptions};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, OnceCell};

/// Long enough for a conductor that compiles its zomes on a loaded machine: running into it means a hang.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(120);

/// One runtime for all tests, so that what one test starts outlives it.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap());
static SHARED: OnceCell<Conductor> = OnceCell::const_new();

/// Runs a test that uses the shared conductor; one after the other, because a conductor answers administrative writes
/// that meet with "database is locked".
pub(crate) fn run(test: impl Future<Output = ()>) {
    static TURN: Mutex<()> = Mutex::const_new(());
    run_apart(async {
        let _turn = TURN.lock().await;
        test.await;
    });
}

/// Runs something short on the shared runtime.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    RUNTIME.block_on(work)
}

/// Runs a test that has a conductor of its own, on the shared runtime, bounded.
pub(crate) fn run_apart(test: impl Future<Output = ()>) {
    RUNTIME.block_on(async {
        // A machine that has no conductor builds one first, which takes as long as it takes.
        install().await;
        tokio::time::timeout(TIMEOUT * 4, test).await.expect("the test hangs");
    });
}

/// The conductor that all tests share. Tests that kill or stop theirs start their own.
pub(crate) async fn shared() -> &'static Conductor {
    SHARED.get_or_init(start).await
}

pub(crate) async fn start() -> Conductor {
    builder().await.start().await.unwrap()
}

/// A conductor of the kind that these tests run on.
pub(crate) async fn builder() -> ConductorBuilder {
    Conductor::builder().with_install(install().await)
}

/// These tests are built twice: as `real` and as `embedded`.
pub(crate) async fn install() -> Install {
    Install::of_test(env!("CARGO_CRATE_NAME")).await.unwrap()
}

/// The probe in a bundle that the conductor runs.
pub(crate) async fn bundle() -> HappBundleSource {
    HappBundleSource::Path(install().await.probe_bundle_path())
}

/// An app of the test's own, installed and not enabled.
pub(crate) async fn installed(conductor: &Conductor) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let app_id = format!("app-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let options = InstallOptions { network_seed: Some(app_id.clone()), ..InstallOptions::default() };
    conductor.install_app(&bundle().await, &app_id, options).await.unwrap();
    app_id
}

/// An app of the test's own that can be called.
pub(crate) async fn app(conductor: &Conductor) -> String {
    let app_id = installed(conductor).await;
    conductor.enable(&app_id).await.unwrap();
    conductor.wait_until_callable(&app_id).await.unwrap();
    app_id
}

pub(crate) fn config(conductor: &Conductor, app_id: &str) -> PersistentHamConfig {
    PersistentHamConfig::local(conductor.admin_port(), app_id).with_deadline(TIMEOUT)
}

pub(crate) async fn connect(conductor: &Conductor, app_id: &str) -> PersistentHam {
    PersistentHam::connect(config(conductor, app_id)).await.unwrap()
}

/// A fresh app on the shared conductor, connected.
pub(crate) async fn connected() -> (String, PersistentHam) {
    let conductor = shared().await;
    let app_id = app(conductor).await;
    let ham = connect(conductor, &app_id).await;
    (app_id, ham)
}

/// Whether the conductor remembers every nonce. Holochain 0.6 remembers the last one of each key, so there ham sends nothing
/// again that may have been sent, and fences nothing.
pub(crate) async fn remembers_nonces() -> bool {
    install().await.release() != ham_launcher::Release::V0_6_3
}

/// The argument of `create_item`.
pub(crate) fn item(call_id: &str) -> Value {
    json!({ "call_id": call_id, "body": "body" })
}

/// The call ids on the chain, the oldest first.
pub(crate) async fn call_ids(ham: &PersistentHam) -> Vec<String> {
    let items: Vec<Item> = ham.call_zome("probe", "probe", "list_items", ()).await.unwrap();
    items.into_iter().map(|item| item.call_id).collect()
}

#[derive(serde::Deserialize)]
struct Item {
    call_id: String,
}

/// The error of a call that must fail.
pub(crate) async fn refused(ham: &PersistentHam, function: &str, payload: Value) -> CallError {
    ham.call_zome::<_, serde::de::IgnoredAny>("probe", "probe", function, payload).await.unwrap_err()
}

/// The port of an app interface that serves the app. Other tests may have attached one that serves all.
pub(crate) async fn app_port(ham: &PersistentHam) -> u16 {
    let listed = ham.admin().unwrap().list_app_interfaces().await.unwrap();
    let app_id = &ham.config().app_id;
    let serves = |bound: Option<&String>| bound.is_none_or(|bound| bound == app_id);
    listed.iter().find(|interface| serves(interface.installed_app_id.as_ref())).unwrap().port
}
