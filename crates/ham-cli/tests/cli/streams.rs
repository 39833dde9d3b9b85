//! Standard output and standard error: who reads them, and what is on which.

use crate::support::{Ham, probe};

const CALL: [&str; 4] = ["probe", "probe", "echo_text", r#""hello""#];

fn call(more: &[&str]) -> Vec<String> {
    let app = probe();
    let flags = ["call", "--app", &app];
    flags.iter().chain(more).chain(&CALL).map(|argument| (*argument).to_owned()).collect()
}

/// A log line that could not be written was a panic inside a task of the connection: the command hung, or had "no connection".
#[tokio::test]
async fn log_lines_that_nobody_reads_change_nothing() {
    let traced = Ham::new().with("RUST_LOG", "trace");
    for (ham, more) in [(&traced, &[][..]), (&Ham::new(), &["-v"]), (&Ham::new(), &["-vvv"])] {
        let mut running = ham.start(&call(more));
        running.close_stderr();
        assert_eq!(running.line(|_| true).await, r#""hello""#);
        assert_eq!(running.ended().await, Some(0), "{more:?}");
    }
    // As in `ham call … 2>&1 | head -5`.
    let mut running = traced.start(&call(&[]));
    running.close_stderr();
    running.close_stdout();
    assert_eq!(running.ended().await, Some(0));
}

/// Log lines were plain text, among objects.
#[tokio::test]
async fn with_json_log_lines_are_objects_too() {
    let ran = Ham::new().run(&call(&["--json", "-v"])).await.ok();
    assert_eq!(ran.json(), "hello");
    let lines = ran.json_lines();
    assert!(lines.iter().any(|line| line["level"] == "INFO" && line["target"].is_string()), "{ran}");
}
