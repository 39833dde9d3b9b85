//! The verbs with which a conductor is administered and looked into. Built twice: as `verbs` on the real conductor and as
//! `embedded_verbs`.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

mod apps;
mod calling;
mod looking;
#[expect(dead_code, reason = "`cli` uses all of it, this a part")]
#[path = "../support/mod.rs"]
mod support;

use ham_launcher::{Conductor, Install};
use serde_json::Value;
use support::{BOUND, Ham};

/// The bundle with every feature of the HDK.
const FEATURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/features.happ");

/// A conductor without apps, and the command set up for it.
async fn conductor() -> (Conductor, Ham) {
    let install = Install::of_test(env!("CARGO_CRATE_NAME")).await.unwrap();
    let conductor = Conductor::builder().with_install(install).start().await.unwrap();
    let ham = Ham::new().with("HAM_ADMIN_PORT", conductor.admin_port());
    (conductor, ham)
}

/// Runs a test that has a conductor of its own.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(BOUND * 4, test).await.expect("the test hangs") });
}

async fn json(ham: &Ham, words: &[&str]) -> Value {
    let words: Vec<_> = ["--json"].iter().chain(words).collect();
    ham.run(&words).await.ok().json()
}

async fn states(ham: &Ham) -> Vec<(String, String)> {
    let apps = json(ham, &["app", "list"]).await["apps"].take();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    apps.as_array().unwrap().iter().map(|app| (text(&app["app_id"]), text(&app["status"]))).collect()
}
