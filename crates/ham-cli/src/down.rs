//! Messages while a command waits on a connection that is down.

use std::convert::Infallible;
use std::time::Duration;

use ham::{HamState, PersistentHam, StateWatch};
use tokio::time::timeout;

use crate::context::Context;
use crate::terminal::one_line;

/// A shorter outage is not mentioned.
const PATIENCE: Duration = Duration::from_secs(2);

/// Waits for `work`, which goes on once the connection comes back, and reports if it is down for a while.
///
/// # Cancel safety
/// That of `work`.
pub(crate) async fn told<T>(context: &Context, ham: &PersistentHam, work: impl Future<Output = T>) -> T {
    let (output, within) = (context.output, humantime::format_duration(context.settings.timeout));
    let telling = tell(ham.state(), |cause| match cause {
        Some(cause) => output.note(&format!(
            "no connection to the conductor: {cause}; trying again until --timeout ({within})"
        )),
        None => output.note("the connection to the conductor is back"),
    });
    tokio::select! {
        biased;
        done = work => done,
        never = telling => match never {},
    }
}

/// Reports why it is down, each time it is down for [`PATIENCE`], and then that it is up again.
async fn tell(mut watch: StateWatch, said: impl Fn(Option<&str>)) -> Infallible {
    loop {
        let mut cause = None;
        let mut is_live = |state: &HamState| {
            if let HamState::BackingOff { cause: why, .. } | HamState::Closed { cause: why } = state {
                cause = Some(one_line(&why.to_string()));
            }
            state.is_live()
        };
        until(&mut watch, |state| !is_live(state)).await;
        if timeout(PATIENCE, until(&mut watch, &mut is_live)).await.is_ok() {
            continue;
        }
        said(Some(cause.as_deref().unwrap_or("it does not answer")));
        until(&mut watch, HamState::is_live).await;
        said(None);
    }
}

/// Never resolves if the watch ends first.
async fn until(watch: &mut StateWatch, mut wanted: impl FnMut(&HamState) -> bool) {
    let mut state = Some(watch.get());
    while let Some(now) = state {
        if wanted(&now) {
            return;
        }
        state = watch.changed().await;
    }
    std::future::pending().await
}
