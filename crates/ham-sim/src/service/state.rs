//! A watcher of the connection's state.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::task::Task;
use crate::time::pause;

impl Task {
    /// Watches for this long, and takes some time for each state. The last state that it was told must be the current one.
    pub(super) async fn watch(&self, time: Duration, slow: Duration) {
        let until = Instant::now() + time;
        let mut state = self.ham.state();
        let mut last = state.get();
        loop {
            // Changes in the meantime are reported by the next call.
            pause(slow).await;
            match timeout_at(until.max(Instant::now() + SOON), state.changed()).await {
                Ok(Some(now)) => last = now,
                Ok(None) => return,
                Err(_) => break,
            }
            if Instant::now() >= until {
                return;
            }
        }
        let now = state.get();
        if last != now {
            self.world.broken("I16", format!("the state is {now}, and its watcher was last told {last}"));
        }
    }
}

/// A change that has already happened is reported at once.
const SOON: Duration = Duration::from_millis(1);
