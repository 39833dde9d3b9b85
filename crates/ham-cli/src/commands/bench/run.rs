//! The calls, and when they end.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ham::CallError;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::gone::is_gone;
use super::link::Lost;
use super::tally::Tally;

/// How long the bench waits for calls that have no answer when the time is up, or when their cell is gone.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// How much is called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amount {
    /// Calls under way at once.
    pub(super) in_flight: u16,
    /// From the first answer on.
    pub(super) within: Duration,
    pub(super) calls: u64,
}

/// Why it ended before everything was measured.
#[derive(Debug)]
pub(super) enum Cut {
    /// The first call failed: the others would fail too.
    Failed(CallError),
    /// The first call has no answer.
    Unanswered,
    /// The conductor went away.
    Lost(Lost),
    /// The called cell no longer exists: its app was uninstalled, or the clone deleted.
    Gone,
}

/// One call before the others, because signing keys and grants are not what is measured. It may take as long as the
/// others together.
///
/// # Errors
/// It has no output.
///
/// # Cancel safety
/// Dropping the future ends it; a call that was sent may still run.
pub(super) async fn first<F>(
    call: &impl Fn(Instant) -> F,
    within: Duration,
    tally: &Tally,
    lost: Pin<&mut impl Future<Output = Lost>>,
) -> Result<(), Cut>
where
    F: Future<Output = Result<(), CallError>>,
{
    tokio::select! {
        // An answer before anything else that came with it.
        biased;
        called = tally.first(call(Instant::now() + within)) => match called {
            Err(error) if error.outcome().is_settled() => Err(Cut::Failed(error)),
            called => called.map_err(|_| Cut::Unanswered),
        },
        lost = lost => Err(Cut::Lost(lost)),
    }
}

/// Makes calls until the time is up, until all calls are made, until a call finds its cell gone, or until `lost`
/// resolves. `call` is given the moment when the time is up: it sends nothing after that, and ends within [`GRACE`].
/// `go` says whether calls may begin.
///
/// # Errors
/// The conductor went away, or the cell.
///
/// # Cancel safety
/// As [`first`].
pub(super) async fn run<F>(
    call: impl Fn(Instant) -> F + Clone + Send + 'static,
    amount: Amount,
    go: &watch::Sender<bool>,
    tally: &Tally,
    lost: Pin<&mut impl Future<Output = Lost>>,
) -> Result<(), Cut>
where
    F: Future<Output = Result<(), CallError>> + Send + 'static,
{
    let until = Instant::now() + amount.within;
    let left = Arc::new(AtomicU64::new(amount.calls));
    let mut callers = JoinSet::new();
    let gone = CancellationToken::new();
    for _ in 0..amount.in_flight {
        let caller = caller(call.clone(), go.subscribe(), until, left.clone(), tally.clone());
        let (left, gone) = (left.clone(), gone.clone());
        callers.spawn(async move {
            if caller.await == Ended::Gone {
                left.store(0, Ordering::Relaxed);
                gone.cancel();
            }
        });
    }
    let ended = async {
        // A caller that panics measures nothing more; the command then ends with its message.
        while callers.join_next().await.is_some() {}
    };
    let patience = async {
        gone.cancelled().await;
        sleep_until(Instant::now() + GRACE).await;
    };
    tokio::select! {
        // Complete results before interrupted ones.
        biased;
        () = ended => if gone.is_cancelled() { Err(Cut::Gone) } else { Ok(()) },
        () = patience => Err(Cut::Gone),
        lost = lost => Err(Cut::Lost(lost)),
    }
}

/// Why a caller stopped calling.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Done,
    /// Every other call would find the same.
    Gone,
}

/// One call after the other.
async fn caller<F>(
    call: impl Fn(Instant) -> F,
    mut go: watch::Receiver<bool>,
    until: Instant,
    left: Arc<AtomicU64>,
    tally: Tally,
) -> Ended
where
    F: Future<Output = Result<(), CallError>>,
{
    loop {
        let begins = timeout_at(until, go.wait_for(|go| *go)).await.is_ok_and(|goes| goes.is_ok());
        if !begins || Instant::now() >= until || !is_one_left(&left) {
            return Ended::Done;
        }
        if tally.make(call(until), until).await.is_some_and(|error| is_gone(&error)) {
            return Ended::Gone;
        }
    }
}

/// Takes one of the calls that remain to be made.
fn is_one_left(left: &AtomicU64) -> bool {
    let counted = |left: u64| left.checked_sub(1);
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, counted).is_ok()
}

#[cfg(test)]
mod tests;
