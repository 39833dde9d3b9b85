//! Who waits for what is outstanding, and how they are told.

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::error::{Phase, RequestError};

/// Hands a result to the caller that waits for it.
pub(crate) type Waiter<T> = oneshot::Sender<Result<T, RequestError>>;
/// Where that caller waits.
pub(crate) type Answer<T> = oneshot::Receiver<Result<T, RequestError>>;

/// The caller of a request or a send, as it is known until it has been told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) serial: u64,
    pub(super) times: Times,
}

/// When a caller began to wait, and until when it waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) since: Instant,
    /// Nothing is taken for writing after this; no later than the deadline.
    pub(crate) send_by: Instant,
    pub(crate) deadline: Instant,
}

/// Whose answer came.
#[derive(Debug)]
pub(crate) enum Claim<In> {
    /// A waiting caller's, for [`tell`].
    Waited(Waiter<In>),
    /// That of a request whose caller no longer waits.
    Abandoned,
    /// Nobody's: nothing was sent under its key.
    Unasked,
}

/// Hands `body` to the caller that waits for it; gives it back if none does. Must not be called under the table's lock: the waiter
/// can wake up on another thread and need that lock next.
pub(crate) fn tell<In>(claim: Claim<In>, body: In) -> Option<In> {
    match claim {
        Claim::Waited(waiter) => waiter.send(Ok(body)).err().and_then(Result::ok),
        Claim::Abandoned | Claim::Unasked => Some(body),
    }
}

/// A caller that gets no answer.
pub(super) enum Ended<In> {
    Request(Caller, Phase, Waiter<In>),
    Send(Caller, Phase, Waiter<()>),
}

/// Tells them in the order of their serial numbers. A caller that went away is not told.
pub(super) fn tell_all<In>(mut ended: Vec<Ended<In>>, error: impl Fn(&Caller, Phase) -> RequestError) {
    ended.sort_unstable_by_key(|(Ended::Request(caller, ..) | Ended::Send(caller, ..))| caller.serial);
    for ended in ended {
        match ended {
            Ended::Request(caller, phase, waiter) => drop(waiter.send(Err(error(&caller, phase)))),
            Ended::Send(caller, phase, waiter) => drop(waiter.send(Err(error(&caller, phase)))),
        }
    }
}
