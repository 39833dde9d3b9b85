//! The calls, and when they end.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ham::CallError;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::link::{Go, Lost};
use super::measured::Measured;

/// How long calls are waited for that have no answer when the time is up.
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

/// What came of it.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) measured: Measured,
    /// Where it ended because the conductor went away.
    pub(super) lost: Option<Lost>,
}

/// Calls until the time is up and [`GRACE`] is over, until the calls are made, or until `lost` resolves. What is not answered then is
/// counted as unknown. `go` says whether calls begin.
///
/// # Errors
/// The first call failed: so would the others.
///
/// # Cancel safety
/// Dropping the future ends it; calls that were sent may still run.
pub(super) async fn run<F>(
    call: impl Fn() -> F + Clone + Send + 'static,
    amount: Amount,
    go: &watch::Sender<Go>,
    lost: impl Future<Output = Lost>,
) -> Result<Ran, CallError>
where
    F: Future<Output = Result<(), CallError>> + Send + 'static,
{
    let (mut lost, began) = (pin!(lost), Instant::now());
    // One call first: signing keys and grants are not what is measured.
    let first = tokio::select! {
        // An answer before all else that came with it.
        biased;
        (took, called) = timed(call()) => called.map(|()| took)?,
        lost = &mut lost => return Ok(unanswered(began, Some(lost))),
        () = sleep_until(began + amount.within + GRACE) => return Ok(unanswered(began, None)),
    };
    let began = Instant::now();
    let until = began + amount.within;
    let left = Arc::new(AtomicU64::new(amount.calls));
    let mut callers = JoinSet::new();
    for _ in 0..amount.in_flight {
        callers.spawn(caller(call.clone(), go.subscribe(), until, left.clone()));
    }
    let mut gathered = pin!(gather(callers));
    let (mut measured, lost) = tokio::select! {
        // What is whole before what is cut off.
        biased;
        measured = &mut gathered => (measured, None),
        lost = &mut lost => {
            go.send_replace(Go::Stop);
            (gathered.await, Some(lost))
        }
        () = sleep_until(until + GRACE) => {
            go.send_replace(Go::Stop);
            (gathered.await, None)
        }
    };
    measured.first = Some(first);
    measured.took = lost.as_ref().map_or_else(Instant::now, |lost| lost.at).duration_since(began);
    Ok(Ran { measured, lost })
}

/// The first call has no answer.
fn unanswered(began: Instant, lost: Option<Lost>) -> Ran {
    let mut measured = Measured::default();
    measured.note_open();
    measured.took = began.elapsed();
    Ran { measured, lost }
}

async fn gather(mut callers: JoinSet<Measured>) -> Measured {
    let mut all = Measured::default();
    while let Some(own) = callers.join_next().await {
        // A caller that panics has measured nothing; the command would end with its message.
        all.add(own.unwrap_or_default());
    }
    all
}

/// One call after the other.
async fn caller<F>(
    call: impl Fn() -> F,
    mut go: watch::Receiver<Go>,
    until: Instant,
    left: Arc<AtomicU64>,
) -> Measured
where
    F: Future<Output = Result<(), CallError>>,
{
    let mut own = Measured::default();
    loop {
        let begins = go.wait_for(|go| *go != Go::Hold).await.is_ok_and(|go| *go == Go::Begin);
        if !begins || Instant::now() >= until || !is_one_left(&left) {
            return own;
        }
        tokio::select! {
            // An answer that came with the end is one.
            biased;
            (took, called) = timed(call()) => own.note(took, called.as_ref().copied()),
            _ = go.wait_for(|go| *go == Go::Stop) => {
                own.note_open();
                return own;
            }
        }
    }
}

async fn timed<T>(call: impl Future<Output = T>) -> (Duration, T) {
    let began = Instant::now();
    let called = call.await;
    (began.elapsed(), called)
}

/// Takes one of the calls that are left to be made.
fn is_one_left(left: &AtomicU64) -> bool {
    let counted = |left: u64| left.checked_sub(1);
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, counted).is_ok()
}

#[cfg(test)]
mod tests;
