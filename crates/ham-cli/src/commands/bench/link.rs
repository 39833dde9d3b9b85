//! The connection under the calls.

use std::time::Duration;

use ham::{ConnectError, HamState, PersistentHam};
use ham_persistent::Cause;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// How long a lost connection may take to come back.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The conductor went away and did not come back.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) at: Instant,
    pub(super) why: Option<Cause>,
}

/// Resolves when the connection has been lost for [`PATIENCE`]. Reports at once that it is lost, and that it is back,
/// and lets calls begin only while it is up.
pub(super) async fn lost(ham: &PersistentHam, output: Output, go: &watch::Sender<bool>) -> Lost {
    let mut state = ham.state();
    let mut now = Some(state.get());
    loop {
        while let Some(HamState::Live { .. }) = now {
            now = state.changed().await;
        }
        let at = Instant::now();
        go.send_replace(false);
        let mut why = now.as_ref().and_then(cause);
        let said = why.as_ref().map_or_else(|| "closed".to_owned(), Cause::to_string);
        output.warning(&format!("the connection is lost: no new calls until it is back ({said})"));
        let back = async {
            loop {
                let next = state.changed().await?;
                if next.is_live() {
                    return Some(next);
                }
                why = cause(&next).or(why.take());
            }
        };
        now = match timeout(PATIENCE, back).await {
            Ok(Some(live)) => Some(live),
            Ok(None) | Err(_) => return Lost { at, why },
        };
        output.note("the connection is back: calls go on");
        go.send_replace(true);
    }
}

/// Why there is no link, if that is known.
fn cause(state: &HamState) -> Option<Cause> {
    match state {
        HamState::BackingOff { cause, .. } | HamState::Closed { cause } => Some(cause.clone()),
        _ => None,
    }
}

impl Lost {
    /// The failure, if this many calls have an unknown outcome.
    pub(super) fn failure(self, unknown: u64) -> Failure {
        let calls =
            if unknown == 1 { "that call ran".to_owned() } else { format!("those {unknown} calls ran") };
        let (gone, advice, told) = match self.is_without_app() {
            true => (
                "the conductor came back without the app".to_owned(),
                "`ham app list` shows the apps that are installed",
                format!("its chains are gone, so nothing can tell whether {calls}"),
            ),
            false => (
                format!("the conductor went away, and there was no connection within {PATIENCE:?}"),
                "find out why the conductor ended, and start it again",
                format!("its chain shows whether {calls}"),
            ),
        };
        let why = self.why.map_or_else(|| "closed".to_owned(), |why| why.to_string());
        let why = anyhow::anyhow!(why).context(gone);
        match unknown {
            0 => Failure::new(Exit::NoConnection, why, advice),
            _ => Failure::of_unknown_outcome(why, format!("{advice}; {told}")),
        }
    }

    /// Whether there is a conductor again, but without the app: it was uninstalled, or the conductor has other data.
    fn is_without_app(&self) -> bool {
        let Some(Cause::AttemptFailed(failure)) = &self.why else { return false };
        let error = failure.error().downcast_ref().map(ConnectError::inner);
        matches!(error, Some(ConnectError::AppNotInstalled { .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It said "Whether those 1 calls ran", and the outcome was null.
    #[test]
    fn the_failure_names_the_outcome_of_each_call() {
        let failure = |unknown| Lost { at: Instant::now(), why: None }.failure(unknown);
        let told = |unknown| failure(unknown).json().unwrap();
        assert!(told(1)["advice"].as_str().unwrap().ends_with("its chain shows whether that call ran"));
        assert!(told(4)["advice"].as_str().unwrap().ends_with("its chain shows whether those 4 calls ran"));
        assert!(told(4)["outcome"].as_str().unwrap().starts_with("unknown"));
        assert_eq!((failure(0).exit, failure(1).exit), (Exit::NoConnection, Exit::Unknown));
        assert!(!failure(0).advice().unwrap().contains("chain"));
    }
}
