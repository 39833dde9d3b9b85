//! The OpenAPI document, by a tool that makes requests of it.

use std::path::Path;

use ham_gateway::{Allows, NewKey, Scope};
use tokio::process::Command;

use crate::stage::{APP, Stage, allows, config, write_keys};
use crate::{must, python};

/// What is documented to happen is no failure: 502 to 504 are outcomes of calls. What a function takes is not in the document, and
/// the tool opens no WebSocket.
const CONFIGURATION: &str = r#"
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "502", "503", "504"]

[[operations]]
include-path = "/api/v1/apps/{app}/roles/{role}/zomes/{zome}/fns/{function}"
checks.positive_data_acceptance.enabled = false

[[operations]]
include-path-regex = "^/(ws|connect)$"
checks.positive_data_acceptance.enabled = false
"#;
/// The names of a function that is there: others are 404 for the most part.
const ECHO: &str = r#"
[parameters]
app = "shop"
role = "probe"
zome = "probe"
function = "echo_text"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_makes_requests_of_the_document_finds_nothing() {
    let Some(python) = python::environment("schemathesis-4.32.5", &["schemathesis==4.32.5"]).await else {
        return;
    };
    let stage = Stage::start().await;
    stage.server.ready().await;
    let key = all_scopes(&stage);
    // Of those with a stream there is no end.
    try_out(&stage, &key, &python, "", &["--exclude-path", "/api/v1/events"]).await;
    try_out(&stage, &key, &python, ECHO, &["--include-path-regex", "^/api/v1/apps/"]).await;
    stage.end().await;
}

/// A key that may do everything.
fn all_scopes(stage: &Stage) -> NewKey {
    let key = NewKey::new().unwrap();
    let scopes = vec![Scope::Calls, Scope::AllCalls, Scope::Feed, Scope::Status, Scope::Metrics];
    let allows = Allows { scopes, ..allows(&[APP]) };
    write_keys(&stage.directory.path().join("keys.toml"), &key.stanza_with("tool", &allows));
    let config = config(stage.conductor.admin_port(), stage.directory.path());
    assert!(stage.server.reload(config).unwrap().is_empty());
    key
}

async fn try_out(stage: &Stage, key: &NewKey, python: &Path, names: &str, which: &[&str]) {
    let configuration = stage.directory.path().join("schemathesis.toml");
    std::fs::write(&configuration, format!("{CONFIGURATION}{names}")).unwrap();
    let mut command = Command::new(python);
    // A script that names the interpreter where the environment was made.
    command.arg(python.parent().unwrap().join("schemathesis")).arg("--config-file").arg(configuration);
    command.args(["run", concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json")]);
    command.args(["--url", &format!("http://{}", stage.server.address())]);
    command.args(["--header", &format!("Authorization: Bearer {}", key.expose())]).args(which);
    command.args(["--seed", "1", "--max-examples", "100", "--generation-database", "none", "--no-color"]);
    let ran = must(command.current_dir(stage.directory.path()).kill_on_drop(true).output()).await.unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
}
