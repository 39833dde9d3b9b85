//! What the test and the process that it kills say to each other: a line of JSON each.

use serde::{Deserialize, Serialize};

/// How a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Way {
    /// Under a key, and waited for.
    Keyed,
    /// Under a key, and not waited for.
    Background,
    /// Without the outbox, which adopts it when it is lost.
    Direct,
}

/// A call to be made. Its id is its key, and stands on the chain once it ran.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) way: Way,
    pub(crate) role: String,
    /// For how long it computes before it writes.
    pub(crate) millis: Option<u64>,
    /// How long its caller waits, or for how long it is delivered, in milliseconds.
    pub(crate) within_ms: u64,
}

/// What the process is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// Make this call.
    Make(Job),
    /// Say so when nothing is open.
    Settle,
    /// Say what is known of the call with this name, which is that of a job.
    Look { job: String, call: String },
}

/// What the process says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Say {
    /// There is a link, or none is expected.
    Ready,
    /// A call has this name in the outbox.
    Named { job: String, call: String },
    /// A call that nobody waits for is on disk.
    Accepted { job: String },
    /// What became of a call.
    Told { job: String, told: Told },
    /// So many calls are open still.
    Left(usize),
    /// Nothing is open.
    Settled,
}

/// What a caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Told {
    /// It ran, and this is its output.
    Answered,
    /// It was refused, and wrote nothing: what the dead gateway had sent was still running in its cell.
    Failed,
    /// It arrived, and its answer is lost.
    Arrived,
    /// It did not run.
    NotRun,
    /// It may have run, and cannot start any more.
    Unknown,
    /// It may have run, and is being settled.
    Open,
    /// The outbox did not take it.
    Refused,
    /// The outbox does not know it.
    Gone,
}

impl Told {
    /// Whether a repeat under the same key says the same.
    pub(crate) fn is_kept(self) -> bool {
        matches!(self, Self::Answered | Self::Failed | Self::Arrived | Self::Unknown)
    }
}

/// How the process is set up: the environment variable [`SETUP`] holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Setup {
    pub(crate) admin_port: u16,
    /// Where the app's interface is reached.
    pub(crate) app: String,
    /// The outbox's file and the keys.
    pub(crate) state: std::path::PathBuf,
    pub(crate) linger_ms: u64,
    pub(crate) answer_within_ms: u64,
    /// How far the clock is ahead.
    pub(crate) ahead_s: u64,
    /// Whether to begin without a link.
    pub(crate) without_link: bool,
}

pub(crate) const SETUP: &str = "HAM_GATEWAY_CHILD";
/// The installed app.
pub(crate) const APP: &str = "gateway";
/// Whose calls these are.
pub(crate) const OWNER: &str = "7QK2";
