//! The resources of a process.

use std::fmt;
use std::fs;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::demo::snapshot::{resident, tasks};

/// The resources of this process and of the conductor's at one moment. Figures that the system does not report are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Vitals {
    /// Calls that had ended.
    pub calls: u64,
    /// Links that had been lost.
    pub losses: u64,
    /// Since the first call, in milliseconds.
    pub after_ms: u64,
    /// Resident memory of this process in KiB; the fault proxy is part of it.
    pub memory_kib: u64,
    /// Open descriptors of this process.
    pub descriptors: usize,
    /// Tasks alive on the runtime.
    pub tasks: usize,
    /// Resident memory of the conductor's process in KiB.
    pub conductor_memory_kib: u64,
    /// Open descriptors of the conductor's process.
    pub conductor_descriptors: usize,
}

impl Vitals {
    /// The current figures.
    pub(super) fn take(conductor: u32, calls: u64, losses: u64, after: Duration) -> Self {
        let of = |process: &str| {
            let memory = fs::read_to_string(format!("/proc/{process}/status"));
            let descriptors = fs::read_dir(format!("/proc/{process}/fd"));
            (memory.map_or(0, |status| resident(&status)), descriptors.map_or(0, Iterator::count))
        };
        let ((memory_kib, descriptors), (conductor_memory_kib, conductor_descriptors)) =
            (of("self"), of(&conductor.to_string()));
        let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        Self {
            calls,
            losses,
            after_ms,
            memory_kib,
            descriptors,
            tasks: tasks(),
            conductor_memory_kib,
            conductor_descriptors,
        }
    }

    /// [`take`](Self::take), once no more tasks and descriptors are left than in `start`, or [`SETTLE`] is over.
    pub(super) async fn take_settled(start: &Self, take: impl Fn() -> Self) -> Self {
        let until = Instant::now() + SETTLE;
        loop {
            let now = take();
            let settled = now.tasks <= start.tasks && now.descriptors <= start.descriptors;
            if settled || Instant::now() >= until {
                return now;
            }
            tokio::time::sleep_until(Instant::now() + INTERVAL).await;
        }
    }
}

impl fmt::Display for Vitals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} calls, {} losses, {:.1} s: {} KiB, {} descriptors, {} tasks; the conductor: {} KiB, {} descriptors",
            self.calls,
            self.losses,
            Duration::from_millis(self.after_ms).as_secs_f64(),
            self.memory_kib,
            self.descriptors,
            self.tasks,
            self.conductor_memory_kib,
            self.conductor_descriptors
        )
    }
}

/// How long tasks and sockets may take to be gone after they were told to end.
const SETTLE: Duration = Duration::from_secs(5);
/// How often they are counted meanwhile: nobody announces the end of a task or a descriptor, so this is a poll.
const INTERVAL: Duration = Duration::from_millis(10);
