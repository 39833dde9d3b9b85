//! Functions of this zome as plain Rust, with the HDK's mock in the place of the host: `cargo test -p probe`.

use crate::{echo::echo_text, failure::fail, nested::call_ledger, signal::emit, slow::slow_echo};
use hdk::prelude::*;
use probe_types::{LedgerPost, ProbeSignal, SlowEcho};

#[test]
fn a_function_that_asks_the_host_nothing_needs_no_mock() {
    assert_eq!(echo_text("hello".to_owned()).unwrap(), "hello");
    assert!(fail("no".to_owned()).unwrap_err().to_string().contains("no"));
}

#[test]
fn without_a_mock_a_host_function_is_an_error() {
    assert!(emit("hello".to_owned()).is_err());
}

#[test]
fn the_mock_sees_what_the_host_would_be_given() {
    let mut host = MockHdkT::new();
    host.expect_emit_signal().times(1).returning(|signal| {
        let signal: ProbeSignal = signal.into_inner().decode().unwrap();
        assert_eq!(signal, ProbeSignal::Emitted { text: "hello".to_owned() });
        Ok(())
    });
    set_hdk(host);
    emit("hello".to_owned()).unwrap();
}

#[test]
fn the_mock_decides_what_the_host_answers() {
    let mut clock = 0;
    let mut host = MockHdkT::new();
    host.expect_sys_time().times(6).returning_st(move |()| {
        clock += 10_000;
        Ok(Timestamp::from_micros(clock))
    });
    set_hdk(host);
    // From 10 ms on: the looks at 20, 30 and 40 ms are too early, the one at 60 ms is not.
    assert_eq!(slow_echo(SlowEcho { millis: 45, text: "late".to_owned() }).unwrap(), "late");
}

#[test]
fn a_refused_call_does_not_tell_its_secret() {
    let mut host = MockHdkT::new();
    host.expect_call().times(1).returning(|_| {
        let (reason, secret) = (ZomeCallAuthorization::BadCapGrant, CapSecret::from([173; CAP_SECRET_BYTES]));
        Ok(vec![ZomeCallResponse::Unauthorized(reason, Some(secret), "ledger".into(), "post".into())])
    });
    set_hdk(host);
    let error = call_ledger(LedgerPost { call_id: "c".to_owned(), amount: 1 }).unwrap_err().to_string();
    assert!(error.contains("BadCapGrant") && !error.contains("173"), "{error}");
}
