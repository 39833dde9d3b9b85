//! A process of the service: its start, its crash, its end.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use ham::{
    ClientKeySigning, ConnectError, PersistentHam, PersistentHamConfig, ProcessMemory, Signing,
    conductor_session,
};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::credentials::Credentials;
use super::desk::Desk;
use super::keystore::Lair;
use super::plan::{Keys, Settings, Step};
use super::task::Task;
use crate::clock::Clock;
use crate::entropy::Drawn;
use crate::event::Happened;
use crate::model::{ADMIN_PORT, APP, Conductor};
use crate::net::{ProcessNetwork, Severed};
use crate::time::{pause, spawn};
use crate::world::World;

/// A process of the service.
pub(crate) struct Process {
    number: u32,
    ham: PersistentHam,
    network: Arc<ProcessNetwork>,
    clock: Arc<Clock>,
    world: Arc<World>,
    desk: Arc<Desk>,
    conductor: Arc<Conductor>,
    tasks: Vec<JoinHandle<()>>,
}

/// How long closing may take: the session's drain and its close handshake, each within its time-out.
const CLOSES_WITHIN: Duration = Duration::from_secs(6);
impl Process {
    pub(crate) fn start(
        number: u32,
        world: &Arc<World>,
        conductor: &Arc<Conductor>,
        desk: &Arc<Desk>,
        keys: Keys,
        credentials: &Credentials,
        settings: &Settings,
    ) -> Result<Self, ConnectError> {
        let (config, network, clock) = connection(number, world, conductor, keys, credentials, settings)?;
        let config = config.with_on_unknown(Desk::hook(desk, world));
        let ham = PersistentHam::start(config)?;
        let (world, desk) = (Arc::clone(world), Arc::clone(desk));
        let conductor = Arc::clone(conductor);
        Ok(Self { number, ham, network, clock, world, desk, conductor, tasks: Vec::new() })
    }

    /// A task that has not begun.
    pub(crate) fn task(&self, number: u32) -> Task {
        Task {
            number: self.number * 16 + number,
            ham: self.ham.clone(),
            world: Arc::clone(&self.world),
            desk: Arc::clone(&self.desk),
            conductor: Arc::clone(&self.conductor),
        }
    }

    /// Starts a task.
    pub(crate) fn begin(&mut self, number: u32, steps: Vec<Step>) {
        let task = self.task(number);
        self.tasks.push(spawn(async move {
            for step in steps {
                pause(step.pause).await;
                task.act(step.action).await;
            }
        }));
    }

    /// Sets its clock right from here on.
    pub(crate) fn heal(&self) {
        self.clock.correct();
    }

    /// Resolves when every task has done its steps.
    pub(crate) async fn finished(&mut self) {
        while let Some(task) = self.tasks.last_mut() {
            // A task that panicked is a finding of its own.
            let _ = task.await;
            self.tasks.pop();
        }
    }

    /// Ends the way a killed process ends: not a single byte more leaves it.
    pub(crate) fn crash(self, silent: bool) {
        self.network.sever(if silent { Severed::Silent } else { Severed::Reset });
        for task in &self.tasks {
            task.abort();
        }
        self.world.note(Happened::Crashed { process: self.number });
        self.desk.crash(&self.world);
    }

    /// Closes, within the bound.
    pub(crate) async fn close(self) {
        let began = Instant::now();
        if tokio::time::timeout(CLOSES_WITHIN * 20, self.ham.close()).await.is_err() {
            self.world.broken("I11", "close has not resolved");
        }
        self.world.late("close", began, CLOSES_WITHIN);
    }
}

/// How a process connects, the network that it uses, and its clock.
pub(crate) fn connection(
    number: u32,
    world: &Arc<World>,
    conductor: &Arc<Conductor>,
    keys: Keys,
    credentials: &Credentials,
    settings: &Settings,
) -> Result<(PersistentHamConfig, Arc<ProcessNetwork>, Arc<Clock>), ConnectError> {
    let network = Arc::new(ProcessNetwork::new(number, settings.max_in_flight, conductor.clone()));
    let mut session = conductor_session()
        .with_network(network.clone())
        .with_connect_timeout(settings.connect_timeout)
        .with_max_waiting(settings.max_waiting);
    if let Some(max) = NonZeroUsize::new(settings.max_in_flight) {
        session = session.with_max_in_flight(max);
    }
    let url = format!("ws://conductor.example:{ADMIN_PORT}/").parse();
    let url = url.map_err(|_| ConnectError::Config("the host is no host".to_owned()))?;
    let signing = match keys {
        Keys::Memory => Signing::ClientKeys(own_keys(settings)),
        Keys::File => {
            let file = Arc::new(credentials.clone());
            Signing::ClientKeys(own_keys(settings).with_credential_file(file))
        }
        Keys::Keystore => Signing::Keystore(Arc::new(Lair::new(number, world, conductor))),
    };
    let clock = Arc::new(Clock::new(settings.skew, 0));
    let mut config = PersistentHamConfig::new(url, APP)
        .with_session(session)
        .with_wall_clock(clock.clone())
        .with_entropy(Arc::new(Drawn::new(world.stream("entropy", u64::from(number)))))
        .with_memory(ProcessMemory::apart())
        .with_signing(signing);
    config.skew_margin = settings.skew_margin;
    Ok((config, network, clock))
}

fn own_keys(settings: &Settings) -> ClientKeySigning {
    let keys = ClientKeySigning::default();
    match settings.budget {
        Some(budget) => keys.with_budget(budget),
        None => keys,
    }
}
