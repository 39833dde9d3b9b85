//! Builds the app, runs it in a conductor of `ham dev`, and calls it: `cargo test`. The variable HAM names another `ham`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

/// The command `ham`, in the directory of the app.
fn ham() -> Command {
    let mut ham = Command::new(std::env::var_os("HAM").unwrap_or_else(|| "ham".into()));
    ham.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).arg("--json");
    ham
}

/// Builds the app, once for all tests.
fn built() {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| assert!(ham().arg("build").status().expect("is `ham` installed?").success()));
}

/// A conductor with the app and with data of its own. It ends with the test.
struct Conductor {
    process: Child,
    admin_port: String,
}

impl Conductor {
    fn start() -> Self {
        built();
        let arguments = ["dev", "--app", "{{name}}.happ"];
        let mut process = ham().args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        // It says when it is ready.
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).expect("the conductor started");
        Self { process, admin_port: ready["admin_port"].to_string() }
    }

    /// Calls a function: its answer, or what was refused.
    fn call(&self, function: &str, payload: Value) -> Result<Value, String> {
        let credentials = concat!(env!("CARGO_TARGET_TMPDIR"), "/credentials");
        let conductor =
            ["--admin-port", &self.admin_port, "--app-id", "{{name}}", "--credentials", credentials];
        let call = ["call", "{{zome}}", function, &payload.to_string()];
        let output = ham().args(call).args(conductor).output().unwrap();
        if output.status.success() {
            Ok(serde_json::from_slice(&output.stdout).unwrap())
        } else {
            Err(String::from_utf8(output.stderr).unwrap())
        }
    }
}

impl Drop for Conductor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_note_is_found_by_its_action_and_in_the_list() {
    let conductor = Conductor::start();
    let hash = conductor.call("create_note", json!({ "text": "hello" })).unwrap();
    assert_eq!(conductor.call("get_note", hash.clone()).unwrap(), json!({ "text": "hello" }));
    let listed = conductor.call("list_notes", json!(null)).unwrap();
    assert_eq!(listed, json!([{ "hash": hash, "text": "hello" }]));
}

#[test]
fn a_note_without_text_is_not_valid() {
    let conductor = Conductor::start();
    let refused = conductor.call("create_note", json!({ "text": "" })).unwrap_err();
    assert!(refused.contains("a note without text"), "{refused}");
    assert_eq!(conductor.call("list_notes", json!(null)).unwrap(), json!([]));
}
