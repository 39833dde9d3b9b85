use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use ham_session::{Delivery, LinkEnd};
use holochain_client::ConductorApiError;
use holochain_conductor_api::ExternalApiWireError;
use holochain_zome_types::prelude::Timestamp;

use super::*;
use crate::error::{Outcome, SigningError};
use crate::wire::{Effect, NotRunning, Refusal};

const AFTER: Duration = Duration::from_secs(3);

fn refusal(text: &str) -> Refusal {
    Refusal::from(ExternalApiWireError::InternalError(text.into()))
}

/// Every variant, and what it answers: the one table that maps errors to both.
fn table() -> Vec<(CallError, Outcome, Delivery, Effect)> {
    use Delivery as D;
    use Effect as E;
    use Outcome as O;
    let end = || Arc::new(LinkEnd::ClosedHere);
    let expiry = Timestamp::from_micros(5);
    let guest = "Wasm runtime error while working with Ribosome: RuntimeError: z:1: Guest(\"x\")";
    let signing = SigningError::BadPassphrase { url: "unix:///s".into() };
    let not_running = |sent_before| CallError::CellNotRunning {
        role: "r".into(),
        reason: NotRunning::NotStarted,
        sent_before,
    };
    let timed_out = |sent| CallError::TimedOut { target: "r/z/f".into(), after: AFTER, sent };
    vec![
        (
            CallError::NoLink { after: AFTER, last: "dialing".into(), sent: false },
            O::NotRun,
            D::NotSent,
            E::Nothing,
        ),
        (CallError::LinkLost { end: end(), sent: false }, O::NotRun, D::NotSent, E::Nothing),
        (CallError::LinkLost { end: end(), sent: true }, O::Unknown, D::Unknown, E::Unknown),
        (timed_out(false), O::NotRun, D::NotSent, E::Nothing),
        (timed_out(true), O::Unknown, D::Unknown, E::Unknown),
        (CallError::Overloaded { limit: 9 }, O::NotRun, D::NotSent, E::Nothing),
        (CallError::CoolingDown { after: AFTER }, O::NotRun, D::NotSent, E::Nothing),
        (CallError::Signing(signing), O::NotRun, D::NotSent, E::Nothing),
        (CallError::UnknownRole { role: "r".into(), known: "s".into() }, O::NotRun, D::NotSent, E::Nothing),
        (CallError::Encode("x".into()), O::NotRun, D::NotSent, E::Nothing),
        (CallError::TooLarge { size: 2, limit: 1 }, O::NotRun, D::NotSent, E::Nothing),
        (CallError::ExpiredUnsent, O::NotRun, D::NotSent, E::Nothing),
        (not_running(false), O::NotRun, D::Answered, E::Nothing),
        (not_running(true), O::Unknown, D::Unknown, E::Unknown),
        (CallError::ClockSkew { verdict: "expired" }, O::NotRun, D::Answered, E::Nothing),
        (CallError::Expired, O::Unknown, D::Unknown, E::Unknown),
        (
            CallError::Arrived { not_started_after: expiry },
            O::Arrived { not_started_after: expiry },
            D::Answered,
            E::Unknown,
        ),
        (
            CallError::Refused { refusal: refusal(guest), unsettled: false },
            O::Answered,
            D::Answered,
            E::Nothing,
        ),
        (
            CallError::Refused { refusal: refusal("?"), unsettled: false },
            O::Answered,
            D::Answered,
            E::Unknown,
        ),
        (CallError::Refused { refusal: refusal(guest), unsettled: true }, O::Unknown, D::Unknown, E::Unknown),
        (CallError::EmptyAnswer, O::Unknown, D::Unknown, E::Unknown),
        (CallError::UnexpectedResponse("x".into()), O::Unknown, D::Unknown, E::Unknown),
        (CallError::Decode("x".into()), O::Answered, D::Answered, E::Unknown),
        (CallError::Closed { sent: false }, O::NotRun, D::NotSent, E::Nothing),
        (CallError::Closed { sent: true }, O::Unknown, D::Unknown, E::Unknown),
    ]
}

#[test]
fn one_table_maps_every_error() {
    for (error, outcome, delivery, effect) in table() {
        assert_eq!(
            (error.outcome(), error.delivery(), error.effect()),
            (outcome, delivery, effect),
            "{error:?}"
        );
    }
}

#[test]
fn a_connection_error_is_exactly_what_reconnecting_heals() {
    for (error, ..) in table() {
        let reconnects = error.recovery() == Recovery::Reconnect;
        let wrapped = anyhow::Error::from(error.clone()).context("Failed to call zome");
        assert_eq!(is_connection_error(&wrapped), reconnects, "{error:?}");
        // As the drop-in API returns it.
        let during = CallError::During { doing: "Failed to call zome", error: error.clone().into() };
        assert_eq!((during.outcome(), during.delivery()), (error.outcome(), error.delivery()), "{error:?}");
        assert_eq!((during.effect(), during.recovery()), (error.effect(), error.recovery()), "{error:?}");
        let during = anyhow::Error::from(during);
        assert_eq!(format!("{during:#}"), during.to_string());
        assert_eq!(is_connection_error(&during), reconnects, "{error:?}");
        assert_eq!(is_request_timeout(&during), matches!(error, CallError::TimedOut { .. }), "{error:?}");
        // The texts agree with the types, for callers that only have the text.
        let text = anyhow!("Failed to call zome: {error}");
        assert_eq!(is_connection_error(&text), reconnects, "{error}");
        assert_eq!(is_request_timeout(&text), matches!(error, CallError::TimedOut { .. }), "{error}");
    }
}

/// Errors of the client that services used before, built as real values.
#[test]
fn upstreams_own_errors_are_recognised() {
    use holochain_websocket::WebsocketError;
    let told =
        |error: WebsocketError| anyhow!("Failed to call zome: {}", ConductorApiError::WebsocketError(error));
    let elapsed = || told(WebsocketError::Other("ResponderDropped".into()));
    assert!(is_connection_error(&elapsed()));
    assert!(is_connection_error(&told(WebsocketError::Close("No connection".into()))));
    assert!(is_connection_error(&told(WebsocketError::Io(std::io::ErrorKind::BrokenPipe.into()))));
    let pressed = ConductorApiError::ExternalApiWireError(ExternalApiWireError::InternalError(
        "Source chain error: deadline has elapsed".into(),
    ));
    let pressed = anyhow!("Failed to call zome: {pressed}");
    assert!(is_source_chain_pressure(&pressed) && !is_connection_error(&pressed));
}

/// The texts that consumers' own tests use.
#[test]
fn plain_texts_are_recognised() {
    let closed = anyhow!("Failed to call zome: Websocket error: Websocket closed: No connection");
    let timeout = anyhow!("Failed to call zome: Websocket error: Timeout");
    let pressure = anyhow!("Failed to call zome: Source chain error: deadline has elapsed");
    let guest = anyhow!("Failed to call zome: Wasm runtime error: Guest(\"no\")");
    let of = |error: &anyhow::Error| {
        (is_connection_error(error), is_request_timeout(error), is_source_chain_pressure(error))
    };
    assert_eq!(of(&closed), (true, false, false));
    assert_eq!(of(&timeout), (false, true, false));
    assert_eq!(of(&pressure), (false, false, true));
    assert_eq!(of(&guest), (false, false, false));
    let io = anyhow::Error::from(std::io::Error::from(std::io::ErrorKind::ConnectionRefused)).context("dial");
    assert!(is_connection_error(&io), "{io:#}");
    let debugged = anyhow!("{:?}", std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
    assert!(is_connection_error(&debugged), "{debugged:#}");
}
