//! What an end of a sending or of a fence means for the machine, and what is told of it.

use ham::{CallError, FenceError, Fenced, Outcome};
use holochain_zome_types::prelude::{ExternIO, Timestamp};
use serde_bytes::ByteBuf;

use super::machine::{FenceEnded, SendEnded};
use super::stored::Stored;
use crate::kind::Kind;
use crate::outcome::Told;
use crate::retry::Retry;

/// How a sending ended, and what is told of the call if that settles it.
/// `again_if_moved` says that a call whose chain another one wrote to may be made again: it wrote nothing there, whatever it called.
pub(super) fn of_sending(result: Result<ExternIO, CallError>, again_if_moved: bool) -> (SendEnded, Stored) {
    let error = match result {
        Ok(output) => return (SendEnded::Answered, Stored::Output(ByteBuf::from(output.0))),
        Err(error) => error,
    };
    let told = Stored::of(&error);
    let has_moved = matches!(&told, Stored::Problem { told, .. } if told.kind == Kind::ChainMoved);
    let ended = match error.outcome() {
        Outcome::Answered if again_if_moved && has_moved => SendEnded::NotRun { retryable: true },
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

/// Whether the same call can be made later, with nobody doing anything.
pub(super) fn is_retryable(error: &CallError) -> bool {
    Told::of(error).retry == Retry::Same
}

/// How a fence ended, and what is told of the call if that settles it. A call comes to its fence because its link is gone or because
/// nobody waits for it any more, so nothing is said of why.
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
        // Also where fencing again cannot help: until its nonce expires, the call may still start.
        Err(_) => (FenceEnded::Failed, None),
    }
}

const NEVER_RAN: &str = "no answer came, and it never ran and never will: make it again";
const ARRIVED: &str = "no answer came while it was waited for, and it had arrived: it runs at most once";

#[cfg(test)]
mod tests {
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
            assert_eq!(of_sending(Err(error), false).0, expected, "{text}");
        }
        let output = of_sending(Ok(ExternIO::from(vec![0xc0])), false);
        assert_eq!(output, (SendEnded::Answered, Stored::Output(ByteBuf::from([0xc0]))));
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
