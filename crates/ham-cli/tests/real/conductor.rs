//! The conductor that all tests share, and the binary that calls it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use ham_launcher::{Conductor, HappBundleSource, Install, InstallOptions};
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, OnceCell};

use crate::support::{BOUND, Ham};

/// One runtime for all tests, so that the conductor outlives the test that started it.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap());
static CONDUCTOR: OnceCell<Conductor> = OnceCell::const_new();

/// Runs one test after the other, because a conductor answers administrative writes that meet (installing, granting)
/// with "database is locked".
pub(crate) fn run(test: impl Future<Output = ()>) {
    static TURN: Mutex<()> = Mutex::const_new(());
    RUNTIME.block_on(async {
        let _turn = TURN.lock().await;
        tokio::time::timeout(BOUND * 4, test).await.expect("the test hangs");
    });
}

pub(crate) async fn conductor() -> &'static Conductor {
    let start = async || Conductor::builder().with_install(install().await).start().await.unwrap();
    CONDUCTOR.get_or_init(start).await
}

pub(crate) async fn install() -> Install {
    Install::of_test(env!("CARGO_CRATE_NAME")).await.unwrap()
}

/// The release that the conductor is of.
pub(crate) async fn release() -> ham::Release {
    install().await.release().version().parse().unwrap()
}

/// An app of the test's own, not enabled.
pub(crate) async fn installed() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let app_id = format!("app-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let options = InstallOptions { network_seed: Some(app_id.clone()), ..InstallOptions::default() };
    let bundle = HappBundleSource::Path(install().await.probe_bundle_path());
    conductor().await.install_app(&bundle, &app_id, options).await.unwrap();
    app_id
}

/// The binary, set up for an app of its own that can be called.
pub(crate) async fn ready() -> Ham {
    let app_id = installed().await;
    conductor().await.enable(&app_id).await.unwrap();
    conductor().await.wait_until_callable(&app_id).await.unwrap();
    ham_for(&app_id).await
}

pub(crate) async fn ham_for(app_id: &str) -> Ham {
    Ham::new().with("HAM_ADMIN_PORT", conductor().await.admin_port()).with("HAM_APP_ID", app_id)
}

/// A call of the role `probe`, its answer as JSON.
pub(crate) async fn call(ham: &Ham, function: &str, payload: &Value) -> Value {
    ham.run(&["call", "--json", "probe", "probe", function, &payload.to_string()]).await.ok().json()
}
