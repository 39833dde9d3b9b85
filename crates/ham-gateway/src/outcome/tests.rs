use ham::{Refusal, Release};
use holochain_conductor_api::ExternalApiWireError::{self, InternalError, ZomeCallUnauthorized};

use super::*;

fn told(error: CallError) -> (u16, &'static str, Retry, KeyFate) {
    let told = Told::of(&error);
    (told.status().as_u16(), told.kind.name(), told.retry, told.key)
}

fn refused(error: ExternalApiWireError) -> CallError {
    CallError::Refused { refusal: Refusal::from(error), unsettled: false }
}

/// A refusal whose meaning depends on the release does not belong here.
fn internal(text: &str) -> CallError {
    refused(InternalError(text.into()))
}

fn cell_not_running(reason: NotRunning, sent_before: bool) -> CallError {
    CallError::CellNotRunning { role: "main".into(), reason, sent_before }
}

#[test]
fn every_error_is_told_by_the_table() {
    use KeyFate::{Held, Kept, Released};
    use Retry::{Fix, NewKey, Operator, Reconcile, Same, Wait};
    let after = Duration::from_secs(3);
    let last = String::new;
    let not_started_after = Timestamp::from_micros(1);
    let rows = [
        (CallError::NoLink { after, last: last(), sent: false }, (503, "conductor-unreachable", Same, Released)),
        (CallError::NoLink { after, last: last(), sent: true }, (504, "outcome-unknown", Wait, Held)),
        (CallError::TimedOut { target: last(), after, sent: false }, (503, "not-sent", Same, Released)),
        (CallError::TimedOut { target: last(), after, sent: true }, (504, "outcome-unknown", Wait, Held)),
        (CallError::ExpiredUnsent, (503, "not-sent", Same, Released)),
        (CallError::Fenced, (503, "not-run", Same, Released)),
        (CallError::Overloaded { limit: 1 }, (503, "overloaded", Same, Released)),
        (CallError::OverloadedBytes { limit: 1 }, (503, "overloaded", Same, Released)),
        (CallError::CoolingDown { after }, (503, "cell-cooling-down", Same, Released)),
        (cell_not_running(NotRunning::NotStarted, false), (503, "cell-starting", Same, Released)),
        (cell_not_running(NotRunning::CloneDisabled, false), (503, "cell-not-running", Operator, Released)),
        (cell_not_running(NotRunning::NotStarted, true), (504, "outcome-unknown", Wait, Held)),
        (CallError::Signing(SigningError::NoKey(last())), (503, "signing-refused", Operator, Released)),
        (
            CallError::Signing(SigningError::KeystoreUnreachable { url: last(), why: last() }),
            (503, "signing-unavailable", Same, Released),
        ),
        (CallError::ClockSkew { verdict: "expired" }, (503, "clock-skew", Operator, Released)),
        (CallError::Encode(last()), (503, "internal", Operator, Released)),
        (CallError::Closed { sent: false }, (503, "shutting-down", Same, Released)),
        (CallError::Closed { sent: true }, (504, "outcome-unknown", Wait, Held)),
        (CallError::AppNotInstalled { app_id: last() }, (503, "cell-not-running", Operator, Released)),
        (CallError::UnknownRole { role: last(), known: last() }, (404, "role-not-found", Fix, Released)),
        (CallError::TooLarge { size: 2, limit: 1 }, (413, "payload-too-large", Fix, Released)),
        (CallError::Expired, (504, "outcome-unknown", Reconcile, Kept)),
        (CallError::Ambiguous { not_started_after }, (504, "outcome-unknown", Reconcile, Kept)),
        (
            CallError::UnsafeToRepeat { release: Release::V0_6 },
            (504, "outcome-unknown", Reconcile, Kept),
        ),
        (CallError::Arrived { not_started_after }, (502, "answer-lost", Reconcile, Kept)),
        (CallError::EmptyAnswer, (504, "outcome-unknown", Wait, Held)),
        (CallError::UnexpectedResponse(last()), (504, "outcome-unknown", Wait, Held)),
        (
            internal("Wasm runtime error while working with Ribosome: RuntimeError: no"),
            (422, "zome-error", NewKey, Kept),
        ),
        (
            internal("Source chain error: InvalidCommit error: no"),
            (422, "invalid-commit", NewKey, Kept),
        ),
        (
            internal(
                "Source chain error: Attempted to commit a bundle to the source chain, but the source chain head has moved",
            ),
            (409, "chain-moved", NewKey, Kept),
        ),
        (
            internal("Attempted to call a zome function that doesn't exist: Zome: z Fn f"),
            (404, "function-not-found", Fix, Released),
        ),
        (internal("ZomeError: Zome not found: z"), (404, "zome-not-found", Fix, Released)),
        (
            internal("Conductor returned an error while using a ConductorApi: CellMissing(x)"),
            (404, "cell-not-found", Fix, Released),
        ),
        (internal("database is locked"), (500, "conductor-error", Reconcile, Kept)),
        (
            refused(ZomeCallUnauthorized(
                "Call was not authorized with reason BadCapGrant, cap secret None to call the function f in zome z"
                    .into(),
            )),
            (503, "gateway-not-authorized", Operator, Released),
        ),
        (
            refused(ExternalApiWireError::Deserialization("no".into())),
            (503, "conductor-version", Operator, Released),
        ),
        (
            CallError::Refused { refusal: Refusal::from(InternalError("x".into())), unsettled: true },
            (504, "outcome-unknown", Wait, Held),
        ),
    ];
    for (error, expected) in rows {
        let text = format!("{error:?}");
        assert_eq!(told(error), expected, "{text}");
    }
}

/// The rules that clients rely on, whatever the table says.
#[test]
fn a_status_says_no_more_than_the_outcome() {
    let after = Duration::ZERO;
    let errors = [
        CallError::NoLink { after, last: String::new(), sent: true },
        CallError::Expired,
        CallError::EmptyAnswer,
        CallError::Arrived { not_started_after: Timestamp::from_micros(1) },
        CallError::Overloaded { limit: 1 },
        internal("Wasm runtime error while working with Ribosome: RuntimeError: no"),
        internal("database is locked"),
    ];
    for error in errors {
        let told = Told::of(&error);
        let allowed: &[u16] = match error.outcome() {
            Outcome::NotRun => &[503, 404, 413, 400],
            Outcome::Unknown => &[504],
            Outcome::Arrived { .. } => &[502],
            Outcome::Answered => &[422, 409, 404, 500, 503],
        };
        assert!(allowed.contains(&told.status().as_u16()), "{error:?}");
        if told.key == KeyFate::Released {
            assert_eq!(error.effect(), Effect::Nothing, "{error:?}");
        }
    }
}
