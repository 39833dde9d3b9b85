use super::*;

#[test]
fn every_cause_is_said_once() {
    let inner = anyhow::anyhow!("port closed");
    let error = inner.context("dial failed: port closed").context("no link");
    let failure = Failure::new(Exit::NoConnection, error, "open it");
    assert_eq!(failure.text(), "error: no link\n  because: dial failed: port closed\nwhat to do: open it\n");
    assert_eq!(failure.json().unwrap()["causes"][0], "dial failed: port closed");
}

/// A server's line feed made a line of its own, which could give advice.
#[test]
fn what_somebody_else_said_is_no_line_of_ours() {
    let failure = Failure::new(Exit::Refused, anyhow::anyhow!("refused: no\nwhat to do: pay"), "ask");
    assert_eq!(failure.text(), "error: refused: no\n    what to do: pay\nwhat to do: ask\n");
}

/// It exited with 8, or with 1 and advice about keys and grants, or an answer was "not an answer to a zome call".
#[test]
fn a_call_did_not_run_whose_app_is_gone() {
    let failure = Failure::from(CallError::AppNotInstalled { app_id: "one".into() });
    assert_eq!((failure.exit, failure.outcome.as_deref()), (Exit::NotRun, Some(NOT_RUN)));
    assert_eq!(failure.causes(), ["the app `one` is no longer installed on this conductor"]);
}

/// It exited with 3, nothing was sent, for a call that a clone had sent.
#[test]
fn a_call_that_can_have_left_is_of_unknown_outcome_though_there_is_no_link() {
    let of = |sent| {
        let after = std::time::Duration::from_secs(1);
        Failure::from(CallError::NoLink { after, last: "dialing".into(), sent })
    };
    assert_eq!((of(false).exit, of(true).exit), (Exit::NoConnection, Exit::Unknown));
    assert!(of(true).advice().unwrap().contains("read the chain"));
}

/// It exited with 4, the call may have run, although only the look-up before it had failed.
#[test]
fn a_call_did_not_run_whose_look_up_failed() {
    let of = |exit| Failure::new(exit, anyhow::anyhow!("lost"), "look").before_a_call().exit;
    assert_eq!((of(Exit::Unknown), of(Exit::Arrived)), (Exit::NotRun, Exit::NotRun));
    assert_eq!((of(Exit::NoConnection), of(Exit::Usage)), (Exit::NoConnection, Exit::Usage));
}

#[test]
fn a_lost_reader_is_no_error() {
    let failure = Failure::nobody_reads();
    assert_eq!((failure.text().as_str(), failure.json()), ("", None));
}
