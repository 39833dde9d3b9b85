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
    /// Its owner no longer wants it.
    Cancelled {
        /// Whether any byte of it may have left.
        sent: bool,
    },
    /// The time to deliver it is over.
    TimeOver,
    /// Its nonce has expired, so it can no longer start.
    NonceExpired,
    /// It was read from the disk after a start.
    Recovered,
}

/// How a sending ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendEnded {
    /// With an answer, which may be an error.
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
    /// It came too late, or may have met its own nonce.
    NobodyCanTell,
    /// It had no answer; the next one may have one.
    Failed,
}
