//! Whether a cell can be called.

use super::*;
use fake::words::internal;

/// Row 12: it was taken for callable, for it was asked and gave an answer.
#[tokio::test]
async fn a_cell_whose_init_fails_is_not_callable_and_the_reason_is_told() {
    let reason = "Error in workflow: InitFailed { zome_name: zome, err: the zome says no }";
    let conductor = Scripted::start().await;
    let (ham, mut link) = conductor.connect(conductor.config()).await;
    let script = async {
        for _ in 0..2 {
            let probe = link.call().await;
            link.refuse(&probe, internal(reason)).await;
        }
    };
    let asking = async {
        let waited = ham.wait_until_callable("role", TIMEOUT, |_| ()).await;
        (waited, ham.callable("role").await)
    };
    let ((waited, asked), ()) = tokio::join!(asking, script);
    for error in [waited.unwrap_err(), asked.unwrap_err()] {
        assert!(error.to_string().contains("the zome says no"), "{error}");
    }
}

/// An `init` that is slow, or a database that is busy, passes.
#[tokio::test]
async fn a_cell_that_is_busy_is_waited_for() {
    let conductor = Scripted::start().await;
    let (ham, mut link) = conductor.connect(conductor.config()).await;
    let script = async {
        let mut asked = None;
        for words in
            ["deadline has elapsed", "database is locked", "ZomeError: Zome not found: ham_readiness_probe"]
        {
            let probe = link.call().await;
            link.refuse(&probe, internal(words)).await;
            asked = Some(probe.params.cell_id);
        }
        asked
    };
    let mut reasons = Vec::new();
    let waiting = ham.wait_until_callable("role", TIMEOUT, |reason| reasons.push(reason.to_string()));
    let (cell, asked) = tokio::join!(waiting, script);
    assert_eq!(Some(cell.unwrap()), asked);
    assert_eq!(reasons, ["deadline has elapsed", "database is locked"]);
}
