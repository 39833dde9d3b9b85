//! A subscriber to the app's signals.

use std::time::Duration;

use ham::{GapCause, Signal, SignalItem};
use serde_bytes::ByteBuf;
use tokio::time::{Instant, timeout_at};

use super::task::Task;
use crate::event::Happened;
use crate::time::pause;

impl Task {
    /// Listens for this long, and takes some time for each signal.
    pub(super) async fn listen(&self, time: Duration, slow: Duration) {
        let until = Instant::now() + time;
        let mut signals = self.ham.signals();
        while let Ok(Some(item)) = timeout_at(until, signals.next()).await {
            match item {
                SignalItem::Signal(signal) => {
                    if let Signal::App { signal, .. } = &*signal
                        && let Ok((number, _)) = signal.clone().into_inner().decode::<(u64, ByteBuf)>()
                    {
                        self.world.note(Happened::Heard { task: self.number, number });
                    }
                }
                SignalItem::Gap { cause, .. } => {
                    let cause = match cause {
                        GapCause::LinkLost(_) => "the link was lost",
                        GapCause::Lagged(_) => "too slow",
                        GapCause::BadFrame(_) => "a frame that nobody understands",
                        _ => "another cause",
                    };
                    self.world.note(Happened::Gap { task: self.number, cause });
                }
                _ => {}
            }
            if !slow.is_zero() {
                pause(slow).await;
            }
        }
        self.world.note(Happened::Gap { task: self.number, cause: "it does not listen any more" });
    }
}
