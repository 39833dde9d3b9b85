//! The JavaScript client that people use, `@holochain/client` 0.21.0, against the embedded conductor.

mod support;

use std::path::Path;

use ham_devconductor::DevConductor;
use support::{BOUND, bundle_path, npm};
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_client_works() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/npm");
    let Some(packages) = npm::environment("holochain-client", &source).await else { return };
    let conductor = DevConductor::start().await.unwrap();
    let mut command = Command::new("node");
    command.arg(source.join("client.mjs")).arg(&packages);
    command.arg(conductor.admin_port().to_string()).arg(bundle_path("probe.happ").canonicalize().unwrap());
    let steps = npm::run(&mut command, BOUND).await;
    assert_eq!(steps.lines().last(), Some("admin: disable and uninstall"), "{steps}");
    conductor.shut_down().await;
}
