//! What the end of a sending or of a fence means for the machine, and the answer that follows from it.

use ham::{CallError, Effect, FenceError, Fenced, Outcome};
use holochain_zome_types::prelude::{ExternIO, Timestamp};
use serde_bytes::ByteBuf;

use super::call::Call;
use super::machine::{FenceEnded, Mode, SendEnded};
use super::stored::Stored;
use crate::kind::Kind;
use crate::outcome::Told;
use crate::retry::Retry;

/// The refusals after which a call is made again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Again {
    /// Another call wrote to its chain meanwhile: this one wrote nothing there, whatever else it called.
    pub(super) if_moved: bool,
    /// The conductor does not allow the key with which it was signed to call, and nothing of it ran: the grant was
    /// revoked, and the next attempt is signed under another one.
    pub(super) if_not_let: bool,
}

impl Again {
    /// Only for a call that nobody waits for.
    pub(super) fn of(call: &Call, is_let_anew: bool) -> Self {
        let is_async = call.record.mode() == Mode::Async;
        Self { if_moved: is_async && call.retry_chain_moved, if_not_let: is_async && is_let_anew }
    }
}

/// How a sending ended, and the answer for the call if that settles it.
pub(super) fn of_sending(result: Result<ExternIO, CallError>, again: Again) -> (SendEnded, Stored) {
    let error = match result {
        Ok(output) => return (SendEnded::Answered, Stored::Output(ByteBuf::from(output.0))),
        Err(error) => error,
    };
    let told = Stored::of(&error);
    let is = |kind| matches!(&told, Stored::Problem { told, .. } if told.kind == kind);
    let is_again =
        again.if_moved && is(Kind::ChainMoved) || again.if_not_let && is(Kind::GatewayNotAuthorized);
    let ended = match error.outcome() {
        Outcome::Answered if is_again && error.effect() == Effect::Nothing => {
            SendEnded::NotRun { retryable: true }
        }
        Outcome::NotRun => SendEnded::NotRun { retryable: is_retryable(&error) },
        Outcome::Answered => SendEnded::Answered,
        Outcome::Arrived { .. } => SendEnded::Arrived,
        Outcome::Unknown => match error.inner() {
            CallError::Expired | CallError::Ambiguous { .. } => SendEnded::UnknownForGood,
            _ => SendEnded::Unknown,
        },
    };
    (ended, told)
}

/// Whether the same call can be made later, without anybody doing anything.
pub(super) fn is_retryable(error: &CallError) -> bool {
    Told::of(error).retry == Retry::Same
}

/// How a fence ended, and the answer for the call if that settles it. A call gets to its fence because its link is gone
/// or because nobody waits for it any more, so the answer gives no reason.
pub(super) fn of_fence(
    result: &Result<Fenced, FenceError>,
    not_started_after: Timestamp,
    cancelled: bool,
) -> (FenceEnded, Option<Stored>) {
    let told = |error, words| Some(Stored::saying(&error, words));
    match result {
        Ok(Fenced::NeverRan) if cancelled => {
            (FenceEnded::NeverRan, Some(Stored::cancelled("it was sent, and never came")))
        }
        Ok(Fenced::NeverRan) => (FenceEnded::NeverRan, told(CallError::Fenced, NEVER_RAN)),
        Ok(Fenced::Arrived) => (FenceEnded::Arrived, told(CallError::Arrived { not_started_after }, ARRIVED)),
        Ok(Fenced::TooLate) => (FenceEnded::NobodyCanTell, Some(Stored::of(&CallError::Expired))),
        Ok(_) => (FenceEnded::NobodyCanTell, Some(Stored::of(&CallError::Ambiguous { not_started_after }))),
        // Even if fencing again cannot help: until its nonce expires, the call may still start.
        Err(_) => (FenceEnded::Failed, None),
    }
}

const NEVER_RAN: &str = "no answer came, and it never ran and never will: make it again";
const ARRIVED: &str = "no answer came while it was waited for, and it had arrived: it runs at most once";

#[cfg(test)]
mod tests {
    use ham::Refusal;
    use holochain_conductor_api::ExternalApiWireError;

    use super::*;

    #[test]
    fn the_end_of_a_sending_says_no_more_than_its_outcome() {
        let not_started_after = Timestamp::from_micros(1);
        let timed_out = |sent| CallError::TimedOut { target: String::new(), after: Default::default(), sent };
        let rows = [
            (timed_out(false), SendEnded::NotRun { retryable: true }),
            (CallError::Encode(String::new()), SendEnded::NotRun { retryable: false }),
            (CallError::ExpiredUnsent, SendEnded::NotRun { retryable: true }),
            (CallError::Closed { sent: false }, SendEnded::NotRun { retryable: true }),
            (timed_out(true), SendEnded::Unknown),
            (CallError::EmptyAnswer, SendEnded::Unknown),
            // It may still start, so it stays open until its nonce has expired.
            (CallError::UnsafeToRepeat { release: ham::Release::V0_6 }, SendEnded::Unknown),
            (CallError::Expired, SendEnded::UnknownForGood),
            (CallError::Ambiguous { not_started_after }, SendEnded::UnknownForGood),
            (CallError::Arrived { not_started_after }, SendEnded::Arrived),
            (CallError::Decode(String::new()), SendEnded::Answered),
        ];
        for (error, expected) in rows {
            let text = format!("{error:?}");
            assert_eq!(of_sending(Err(error), Again::default()).0, expected, "{text}");
        }
        let output = of_sending(Ok(ExternIO::from(vec![0xc0])), Again::default());
        assert_eq!(output, (SendEnded::Answered, Stored::Output(ByteBuf::from([0xc0]))));
    }

    /// Only if it is proven that nothing of it ran, in this sending or an earlier one.
    #[test]
    fn what_a_grant_does_not_let_is_made_again_where_nothing_ran() {
        use ExternalApiWireError::ZomeCallUnauthorized;
        let ended = |reason: &str, unsettled, again| {
            let text = format!("Call was not authorized with reason {reason}, cap secret None to call f");
            let refusal = Refusal::from(ZomeCallUnauthorized(text));
            of_sending(Err(CallError::Refused { refusal, unsettled }), again).0
        };
        let again = Again { if_not_let: true, ..Again::default() };
        assert_eq!(ended("BadCapGrant", false, again), SendEnded::NotRun { retryable: true });
        assert_eq!(ended("BadCapGrant", false, Again::default()), SendEnded::Answered);
        assert_eq!(ended("BadCapGrant", true, again), SendEnded::Unknown);
        for other in ["BadNonce(\"Duplicate\")", "Whatever"] {
            assert_eq!(ended(other, false, again), SendEnded::Answered, "{other}");
        }
    }

    #[test]
    fn a_fence_that_failed_settles_nothing() {
        let at = Timestamp::from_micros(1);
        assert_eq!(of_fence(&Err(FenceError::Init), at, false), (FenceEnded::Failed, None));
        assert_eq!(of_fence(&Ok(Fenced::TooLate), at, false).0, FenceEnded::NobodyCanTell);
        assert_eq!(of_fence(&Ok(Fenced::Ambiguous), at, false).0, FenceEnded::NobodyCanTell);
        assert_eq!(of_fence(&Ok(Fenced::NeverRan), at, false).0, FenceEnded::NeverRan);
        assert_eq!(of_fence(&Ok(Fenced::Arrived), at, false).0, FenceEnded::Arrived);
    }
}
