//! A watcher of the connection's state.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::task::Task;
use crate::time::pause;

impl Task {
    /// Watches for so long, and takes its time for each state. What it was told last has to be what is there.
    pub(super) async fn watch(&self, time: Duration, slow: Duration) {
        let until = Instant::now() + time;
        let mut state = self.ham.state();
        let mut last = state.get();
        loop {
            // Whatever changes in the meantime is told by the next question.
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

/// What has changed already is told at once.
const SOON: Duration = Duration::from_millis(1);
