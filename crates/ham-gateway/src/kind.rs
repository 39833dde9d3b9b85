//! What can go wrong, in the terms that clients distinguish.

use http::StatusCode;

use crate::retry::Retry;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $status:literal, $title:literal;)*) => {
        /// What went wrong, in the terms that clients distinguish.
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

            /// What it is, in one line.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)* }
            }

            pub(crate) const fn code(self) -> u16 {
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
    /// The call reached the conductor, or may have, and did not run.
    NotRun = "not-run", 503, "The call did not run";
    /// Too many calls wait.
    Overloaded = "overloaded", 503, "Too many calls wait";
    /// The cell is cooling down after source-chain pressure.
    CellCoolingDown = "cell-cooling-down", 503, "The cell is cooling down after source-chain pressure";
    /// The cell is not up yet.
    CellStarting = "cell-starting", 503, "The cell has not finished starting";
    /// The cell is not running, and waiting does not help.
    CellNotRunning = "cell-not-running", 503, "The cell is not running";
    /// The call cannot be signed now.
    SigningUnavailable = "signing-unavailable", 503, "The call cannot be signed now";
    /// The call cannot be signed.
    SigningRefused = "signing-refused", 503, "The call cannot be signed";
    /// The clocks of gateway and conductor disagree.
    ClockSkew = "clock-skew", 503, "The clocks of gateway and conductor disagree";
    /// A mistake of the gateway.
    Internal = "internal", 503, "The gateway failed";
    /// The gateway stops.
    ShuttingDown = "shutting-down", 503, "The gateway is stopping";
    /// The conductor does not allow the gateway's key to call.
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
    /// Nothing is there.
    NotFound = "not-found", 404, "Not found";
    /// The gateway serves no such app, or not to this key.
    AppNotFound = "app-not-found", 404, "There is no such app";
    /// The method means nothing here.
    MethodNotAllowed = "method-not-allowed", 405, "The method is not allowed here";
    /// The answer cannot be encoded as requested.
    NotAcceptable = "not-acceptable", 406, "The answer is not available in this format";
    /// The body took too long.
    BodyTooSlow = "body-too-slow", 408, "The body came too slowly";
    /// The body has a type that is not accepted.
    UnsupportedMediaType = "unsupported-media-type", 415, "The body's media type is not supported";
    /// No key was shown.
    NoKey = "no-key", 401, "A key is needed";
    /// The key is not known, or not any more.
    BadKey = "bad-key", 401, "The key is not valid";
    /// The key may not do this.
    NotAllowed = "not-allowed", 403, "The key does not allow this";
    /// The key may not call this function.
    FunctionNotAllowed = "function-not-allowed", 403, "The key does not allow this function";
    /// A page of this origin may not ask.
    OriginNotAllowed = "origin-not-allowed", 403, "Pages of this origin are not allowed";
    /// The gateway has no such name.
    HostNotAllowed = "host-not-allowed", 403, "The gateway does not serve this host name";
    /// The key has asked too often, or too much at a time.
    QuotaExceeded = "quota-exceeded", 429, "The key has reached its limit";
    /// Too many wrong keys came from one address.
    WrongKeys = "wrong-keys", 429, "Too many wrong keys came from this address";
    /// More connections are open than allowed.
    TooManyConnections = "too-many-connections", 503, "Too many connections are open";
    /// The request makes no sense.
    BadRequest = "bad-request", 400, "The request is not valid";
    /// This address is for WebSockets, and the request does not ask for one.
    UpgradeRequired = "upgrade-required", 426, "This address is for WebSockets";
    /// The body is not what its type says.
    BadPayload = "bad-payload", 400, "The payload is not valid";
    /// The request waits longer than is allowed.
    WaitTooLong = "wait-too-long", 400, "The requested wait is too long";
    /// The function may only be called under a key.
    IdempotencyKeyRequired = "idempotency-key-required", 400, "This call needs an Idempotency-Key";
    /// The key is not one.
    BadIdempotencyKey = "bad-idempotency-key", 400, "The Idempotency-Key is not valid";
    /// The key was used for another request.
    IdempotencyKeyReused = "idempotency-key-reused", 422, "The Idempotency-Key belongs to another request";
    /// The call was cancelled before it ran.
    Cancelled = "cancelled", 409, "The call was cancelled";
    /// The answer was too large to be kept.
    AnswerNotKept = "answer-not-kept", 410, "The call was answered, but its answer was not kept";
    /// The outbox has too much to write.
    StoreBusy = "store-busy", 503, "The store has too many writes waiting";
    /// The outbox is full.
    StoreFull = "store-full", 503, "The store is full";
    /// The outbox cannot be written.
    StoreUnavailable = "store-unavailable", 503, "The store cannot be written";
}

impl Kind {
    /// The status of its answers.
    #[must_use]
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl Kind {
    /// Whether it occurs before anybody has looked at a call that the request may be about.
    pub(crate) const fn is_before_the_call(self) -> bool {
        matches!(
            self,
            Self::NoKey
                | Self::BadKey
                | Self::NotAllowed
                | Self::FunctionNotAllowed
                | Self::AppNotFound
                | Self::NotFound
                | Self::OriginNotAllowed
                | Self::HostNotAllowed
                | Self::BodyTooSlow
                | Self::QuotaExceeded
                | Self::BadRequest
                | Self::BadPayload
                | Self::WaitTooLong
                | Self::NotAcceptable
                | Self::UnsupportedMediaType
                | Self::ShuttingDown
                | Self::WrongKeys
        )
    }

    /// What a client can do about a refusal by the gateway itself.
    pub(crate) const fn retry(self) -> Retry {
        match self.code() {
            _ if matches!(self, Self::WrongKeys) => Retry::Fix,
            429 | 408 => Retry::Same,
            503 => match self {
                Self::Internal | Self::StoreFull | Self::StoreUnavailable => Retry::Operator,
                _ => Retry::Same,
            },
            _ => Retry::Fix,
        }
    }
}

/// Where the types of problems are explained.
pub const PROBLEMS_URL: &str = "https://ham.invalid/problems.md";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Each type leads to its heading.
    #[test]
    fn the_page_of_problems_has_all_of_them() {
        let page = include_str!("../../../docs/problems.md");
        let shown: Vec<(&str, &str)> = page
            .split("\n## ")
            .skip(1)
            .map(|section| section.split_once("\n\n").unwrap_or_default())
            .map(|(name, text)| (name, text.lines().next().unwrap_or_default()))
            .collect();
        let lines: Vec<String> =
            Kind::ALL.iter().map(|kind| format!("{}: {}.", kind.code(), kind.title())).collect();
        let known = Kind::ALL.iter().map(|kind| kind.name()).zip(lines.iter().map(String::as_str));
        assert_eq!(shown, known.collect::<Vec<_>>());
    }

    #[test]
    fn each_kind_has_a_name_of_its_own_and_a_status_that_exists() {
        let names: HashSet<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert_eq!(kind.status().as_u16(), kind.code());
            assert!(kind.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{kind:?}");
        }
    }
}
