//! What the outbox's workers and its handles share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ham::PersistentHam;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::action_runner::{ActionRunner, Stops};
use super::call::Call;
use super::config::OutboxConfig;
use super::following::Following;
use super::lane::Lanes;
use super::machine::{Mode, Step};
use super::registry::{CallRegistry, Open, RegisteredCall};
use super::store::Store;
use super::time;
use super::worker::Worker;

/// What the outbox's workers and its handles share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Arc<OutboxConfig>,
    pub(super) store: Arc<Store>,
    pub(super) apps: BTreeMap<String, PersistentHam>,
    pub(super) registry: Arc<CallRegistry>,
    pub(super) lanes: Arc<Lanes>,
    pub(super) stops: Stops,
    /// All workers, and the sweeper.
    pub(super) tasks: TaskTracker,
}

impl Shared {
    /// Adds a call to the registry, and puts a worker on it.
    pub(super) fn take_on(&self, open: &mut Open, call: Call, step: Step, on_disk: bool) -> Following {
        let (following, cancelled) = open.insert(&call);
        let worker = self.worker(call, on_disk, cancelled);
        self.tasks.spawn(worker.run(step));
        following
    }

    fn worker(&self, call: Call, on_disk: bool, cancelled: CancellationToken) -> Worker {
        let has_lane = self.config.lanes && call.record.mode() == Mode::Async;
        let runner = ActionRunner {
            config: Arc::clone(&self.config),
            ham: self.apps.get(&call.app).cloned(),
            place: has_lane.then(|| Lanes::enter(&self.lanes, &call)),
            stops: self.stops.clone(),
            cancelled,
        };
        let registered = RegisteredCall { registry: Arc::clone(&self.registry), id: call.id };
        Worker {
            call,
            runner,
            store: Arc::clone(&self.store),
            registered,
            on_disk,
            told: None,
            was_not_let: false,
        }
    }

    /// Begins nothing more, and waits for what is under way, at most this long.
    pub(super) async fn drain(&self, within: Duration) {
        let Self { stops, tasks, .. } = self;
        stops.closing.cancel();
        tasks.close();
        if timeout(within, tasks.wait()).await.is_err() {
            stops.ended.cancel();
            tasks.wait().await;
        }
    }

    pub(super) fn now(&self) -> i64 {
        time::now(&*self.config.wall_clock)
    }

    /// The random part of a call's id. Without it, ids still increase.
    pub(super) fn random(&self) -> u128 {
        let mut bytes = [0; 16];
        self.config.entropy.fill(&mut bytes).map_or(0, |()| u128::from_le_bytes(bytes))
    }
}
