//! Problems: errors as RFC 9457 writes them, with what became of the call beside them.

use std::time::Duration;

use http::StatusCode;
use serde::Serialize;

use crate::outcome::{Retry, Told};

/// Where a problem's type is explained.
pub const PROBLEMS_URL: &str = "https://ham.invalid/problems.md";

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $status:literal, $title:literal;)*) => {
        /// What went wrong, as clients tell it apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The last part of its type's address.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// What it is, in a line.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)* }
            }

            const fn code(self) -> u16 {
                match self { $(Self::$kind => $status,)* }
            }
        }
    };
}

kinds! {
    /// There is no link to the conductor.
    ConductorUnreachable = "conductor-unreachable", 503, "The conductor cannot be reached";
    /// No byte of the call left.
    NotSent = "not-sent", 503, "The call was not sent";
    /// Too many calls wait.
    Overloaded = "overloaded", 503, "Too many calls wait";
    /// The cell rests after pressure on its source chain.
    CellCoolingDown = "cell-cooling-down", 503, "The cell rests after pressure on its source chain";
    /// The cell is not up yet.
    CellStarting = "cell-starting", 503, "The cell has not finished starting";
    /// The cell does not run, and waiting does not help.
    CellNotRunning = "cell-not-running", 503, "The cell does not run";
    /// The call cannot be signed now.
    SigningUnavailable = "signing-unavailable", 503, "The call cannot be signed now";
    /// The call cannot be signed.
    SigningRefused = "signing-refused", 503, "The call cannot be signed";
    /// The clocks of gateway and conductor disagree.
    ClockSkew = "clock-skew", 503, "The clocks of gateway and conductor disagree";
    /// A mistake of the gateway.
    Internal = "internal", 503, "The gateway made a mistake";
    /// The gateway stops.
    ShuttingDown = "shutting-down", 503, "The gateway is stopping";
    /// The conductor does not let the gateway's key call.
    GatewayNotAuthorized = "gateway-not-authorized", 503, "The conductor does not let the gateway call this";
    /// The conductor's release cannot do this.
    ConductorVersion = "conductor-version", 503, "The conductor's release cannot do this";
    /// The app has no such role or clone.
    RoleNotFound = "role-not-found", 404, "The app has no such role";
    /// The role has no such zome.
    ZomeNotFound = "zome-not-found", 404, "The role has no such zome";
    /// The zome has no such function.
    FunctionNotFound = "function-not-found", 404, "The zome has no such function";
    /// The cell is gone.
    CellNotFound = "cell-not-found", 404, "The cell does not exist";
    /// The call is larger than the conductor takes.
    PayloadTooLarge = "payload-too-large", 413, "The call is too large";
    /// The call may have run.
    OutcomeUnknown = "outcome-unknown", 504, "The call may have run";
    /// The call arrived and its answer is lost.
    AnswerLost = "answer-lost", 502, "The call arrived, and its answer was lost";
    /// The function answered with an error.
    ZomeError = "zome-error", 422, "The zome function failed";
    /// A validation callback did not accept what the function wrote.
    InvalidCommit = "invalid-commit", 422, "What the function wrote is not valid";
    /// Another call wrote to the chain meanwhile.
    ChainMoved = "chain-moved", 409, "Another call wrote to the chain meanwhile";
    /// The conductor answered with an error that leaves open what was written.
    ConductorError = "conductor-error", 500, "The conductor answered with an error";
    /// The request makes no sense.
    BadRequest = "bad-request", 400, "The request is not valid";
    /// The body is not what its type says.
    BadPayload = "bad-payload", 400, "The payload is not valid";
    /// The request waits longer than is allowed.
    WaitTooLong = "wait-too-long", 400, "The request wants to wait too long";
    /// The function may only be called under a key.
    IdempotencyKeyRequired = "idempotency-key-required", 400, "This call needs an Idempotency-Key";
    /// The key is not one.
    BadIdempotencyKey = "bad-idempotency-key", 400, "The Idempotency-Key is not valid";
    /// The key was used for another request.
    IdempotencyKeyReused = "idempotency-key-reused", 422, "The Idempotency-Key belongs to another request";
    /// The answer was too large to be kept.
    AnswerNotKept = "answer-not-kept", 410, "The call was answered, and its answer was not kept";
    /// The outbox has too much to write.
    StoreBusy = "store-busy", 503, "The store has too much to write";
    /// The outbox is full.
    StoreFull = "store-full", 503, "The store is full";
    /// The outbox cannot be written.
    StoreUnavailable = "store-unavailable", 503, "The store cannot be written";
}

impl Kind {
    /// The status of its answers.
    ///
    /// # Panics
    /// Never: a test reads all of them.
    #[must_use]
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// The body of an answer that is an error.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    address: String,
    title: &'static str,
    status: u16,
    detail: String,
    outcome: &'static str,
    effect: &'static str,
    settled: bool,
    retry: Retry,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u64>,
    /// Where the call can be followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<String>,
    /// After this the call cannot start any more; RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_started_after: Option<String>,
    request_id: String,
}

impl Problem {
    /// What is told of a call, in the words of its error.
    #[must_use]
    pub fn of(told: &Told, detail: String, request_id: String) -> Self {
        Self {
            address: format!("{PROBLEMS_URL}#{}", told.kind.name()),
            title: told.kind.title(),
            status: told.kind.code(),
            detail,
            outcome: told.outcome.word(),
            effect: told.effect_word(),
            settled: told.settled,
            retry: told.retry,
            retry_after_s: told.retry_after.map(whole_seconds),
            call: None,
            not_started_after: told.not_started_after.map(|at| at.to_string()),
            request_id,
        }
    }

    /// The same, with where the call can be followed.
    #[must_use]
    pub fn with_call(mut self, path: String) -> Self {
        self.call = Some(path);
        self
    }

    /// The value of the answer's `Retry-After`: only where the call did not run, so that what obeys the header never repeats
    /// a call that may have run.
    #[must_use]
    pub fn retry_after_header(&self) -> Option<u64> {
        self.retry_after_s.filter(|_| matches!(self.status, 429 | 503))
    }
}

/// Rounded up, so that nobody comes back too early.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_kind_has_a_name_of_its_own_and_a_status_that_exists() {
        let names: HashSet<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert_eq!(kind.status().as_u16(), kind.code());
            assert!(kind.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{kind:?}");
        }
    }

    #[test]
    fn seconds_are_rounded_up() {
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
        assert_eq!(whole_seconds(Duration::from_secs(2)), 2);
        assert_eq!(whole_seconds(Duration::ZERO), 0);
    }
}
