//! The JavaScript client that people use, `@holochain/client` 0.21.0, unmodified, against the embedded conductor as the release
//! that it speaks, and what it is answered by the one that it does not; and 0.20.8, which is for 0.6.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod support;

use std::path::Path;

use ham_devconductor::{Config, DevConductor, Release};
use support::{BOUND, bundle_path, npm};
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_client_authorises_and_calls_on_0_7_0() {
    ends_with(Release::V0_7_0, "admin: disable and uninstall").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_client_for_0_6_authorises_and_calls_on_0_6() {
    ends_with(Release::V0_6, "admin: disable and uninstall").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_client_gets_no_grant_of_0_7_1() {
    ends_with(Release::V0_7_1, "admin: the grant of this client is refused").await;
}

/// Runs the program on a conductor of this release; every step but what it ends with fails it.
async fn ends_with(release: Release, last: &str) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/npm");
    let Some(packages) = npm::environment("holochain-client", &source).await else { return };
    let conductor = DevConductor::start_with(Config::default().with_release(release)).await.unwrap();
    let mut command = Command::new("node");
    command.arg(source.join("client.mjs")).arg(&packages);
    command.arg(conductor.admin_port().to_string()).arg(bundle_path("probe.happ").canonicalize().unwrap());
    command.arg(release.to_string());
    let steps = npm::run(&mut command, BOUND).await;
    assert_eq!(steps.lines().last(), Some(last), "{steps}");
    conductor.shut_down().await;
}
