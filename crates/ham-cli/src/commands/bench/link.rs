//! The connection under the calls.

use std::time::Duration;

use ham::{HamState, PersistentHam};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// How long a lost connection may take to come back.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// Whether calls begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Go {
    Begin,
    /// Not now. Those that are under way go on.
    Hold,
    /// Not any more. Those that are under way are given up.
    Stop,
}

/// The conductor went away, and did not come back.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) at: Instant,
    pub(super) why: String,
}

/// Resolves when the connection has been lost for [`PATIENCE`]. Says at once that it is lost, and that it is back, and lets calls begin
/// while it is there only.
pub(super) async fn lost(ham: &PersistentHam, output: Output, go: &watch::Sender<Go>) -> Lost {
    let mut state = ham.state();
    let mut now = Some(state.get());
    loop {
        while let Some(HamState::Live { .. }) = now {
            now = state.changed().await;
        }
        let at = Instant::now();
        go.send_replace(Go::Hold);
        let mut why = now.as_ref().and_then(cause).unwrap_or_else(|| "closed".to_owned());
        output.warning(&format!("the connection is lost: no call begins until it is back ({why})"));
        let back = async {
            loop {
                let next = state.changed().await?;
                if next.is_live() {
                    return Some(next);
                }
                why = cause(&next).unwrap_or(std::mem::take(&mut why));
            }
        };
        now = match timeout(PATIENCE, back).await {
            Ok(Some(live)) => Some(live),
            Ok(None) | Err(_) => return Lost { at, why },
        };
        output.note("the connection is back: calls go on");
        go.send_replace(Go::Begin);
    }
}

/// Why there is no link, where that is known.
fn cause(state: &HamState) -> Option<String> {
    match state {
        HamState::BackingOff { cause, .. } | HamState::Closed { cause } => Some(cause.to_string()),
        _ => None,
    }
}

impl Lost {
    /// The failure, where so many calls are of unknown outcome.
    pub(super) fn failure(self, unknown: u64) -> Failure {
        let (exit, advice) = match unknown {
            0 => (Exit::NoConnection, "look why the conductor ended, and start it again".to_owned()),
            _ => (
                Exit::Unknown,
                format!(
                    "look why the conductor ended, and start it again; whether those {unknown} calls ran, its chain tells"
                ),
            ),
        };
        let gone = format!("the conductor went away, and was not back within {PATIENCE:?}");
        Failure::new(exit, anyhow::anyhow!(self.why).context(gone), advice)
    }
}
