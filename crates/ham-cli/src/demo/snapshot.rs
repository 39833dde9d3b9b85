//! The state that must be the same before and after: grants, interfaces, tasks, and approximately memory.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use ham::holochain_client::AllowedOrigins;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::chain;
use super::error::DemoError;
use super::stage::Stage;

/// How long tasks may take to be gone after they were told to end.
const SETTLE: Duration = Duration::from_secs(5);
/// How often they are counted meanwhile: the runtime does not announce the end of a task, so this is a poll.
const INTERVAL: Duration = Duration::from_millis(10);

/// The state of the conductor and of this process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// Capability grants on each cell's chain that are not revoked, as the probe lists them: the admin interface leaves out
    /// clones.
    pub grants: BTreeMap<String, usize>,
    /// App interfaces, each as the app that it serves and the origins that it accepts; ports change with every restart.
    pub interfaces: Vec<String>,
    /// Tasks alive on the runtime.
    pub tasks: usize,
    /// Resident memory of this process in KiB; 0 if the system does not report it.
    pub memory_kib: u64,
}

impl Snapshot {
    pub(super) async fn take(stage: &Stage) -> Result<Self, DemoError> {
        let mut grants = BTreeMap::new();
        for cell in &stage.cells {
            grants.insert(cell.to_string(), chain::count_grants(&stage.ham, cell).await?);
        }
        let mut interfaces: Vec<String> = stage
            .admin()?
            .list_app_interfaces()
            .await?
            .into_iter()
            .map(|interface| {
                let app = interface.installed_app_id.unwrap_or_else(|| "any app".to_owned());
                format!("{app}, {}", origins(&interface.allowed_origins))
            })
            .collect();
        interfaces.sort_unstable();
        Ok(Self {
            grants,
            interfaces,
            tasks: tasks(),
            memory_kib: std::fs::read_to_string("/proc/self/status").map_or(0, |status| resident(&status)),
        })
    }

    /// [`take`](Self::take), once no more tasks are left than in `start`, or [`SETTLE`] is over.
    pub(super) async fn take_settled(stage: &Stage, start: &Self) -> Result<Self, DemoError> {
        let until = Instant::now() + SETTLE;
        while tasks() > start.tasks && Instant::now() < until {
            tokio::time::sleep_until(Instant::now() + INTERVAL).await;
        }
        Self::take(stage).await
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grants: usize = self.grants.values().sum();
        write!(
            f,
            "{grants} grants, {} app interfaces, {} tasks, {} KiB",
            self.interfaces.len(),
            self.tasks,
            self.memory_kib
        )
    }
}

pub(super) fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

fn origins(allowed: &AllowedOrigins) -> String {
    match allowed {
        AllowedOrigins::Any => "any origin".to_owned(),
        AllowedOrigins::Origins(origins) => {
            let mut origins: Vec<&str> = origins.iter().map(String::as_str).collect();
            origins.sort_unstable();
            origins.join(" ")
        }
    }
}

/// The line `VmRSS` of `/proc/self/status`.
pub(super) fn resident(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_memory_is_read() {
        assert_eq!(resident("VmSize:\t  999 kB\nVmRSS:\t    1234 kB\n"), 1234);
        assert_eq!(resident("no such line"), 0);
    }
}
