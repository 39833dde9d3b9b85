//! What happens to a call in the outbox.

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Its lane is free, and there is a link.
    Turn,
    /// It is signed, and its bytes are in the record.
    Signed,
    /// It could not be signed.
    SignFailed {
        /// Whether trying again can help.
        retryable: bool,
    },
    /// The sending ended.
    SendEnded(SendEnded),
    /// The fence ended.
    FenceEnded(FenceEnded),
    /// Its owner does not want it any more.
    Cancelled {
        /// Whether any byte of it may have left.
        sent: bool,
    },
    /// The time to deliver it is over.
    TimeOver,
    /// Its nonce has expired, so it cannot start any more.
    NonceExpired,
    /// It was read from the disk after a start.
    Recovered,
}

/// How a sending ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendEnded {
    /// With an answer, be it an error.
    Answered,
    /// It arrived, and the answer is lost.
    Arrived,
    /// It provably did not run.
    NotRun {
        /// Whether trying again can help.
        retryable: bool,
    },
    /// It may have run.
    Unknown,
    /// It may have run, and a fence would prove nothing.
    UnknownForGood,
}

/// How a fence ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FenceEnded {
    /// It never ran and never will.
    NeverRan,
    /// It arrived.
    Arrived,
    /// It came too late, or its own nonce may be what it met.
    NobodyCanTell,
    /// It has no answer; the next one may have.
    Failed,
}
