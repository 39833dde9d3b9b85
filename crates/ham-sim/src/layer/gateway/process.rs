//! A process of the gateway: its outbox, on a disk, over a connection.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ham::{ConnectError, PersistentHam};
use ham_gateway::outbox::{Limits, Opened, Outbox, OutboxConfig, Store, StoreError, Writer, remember_lost};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::desk::Desk;
use super::disk::Disk;
use super::life::{GatewayLife, Step};
use super::steps::Client;
use crate::entropy::Drawn;
use crate::event::Happened;
use crate::model::{APP, Conductor};
use crate::net::{ProcessNetwork, Severed};
use crate::service::{Credentials, connection};
use crate::time::{pause, spawn, yields};
use crate::world::World;

/// A process of the gateway.
pub(super) struct Gateway {
    number: u32,
    client: Client,
    network: Arc<ProcessNetwork>,
    disk: Disk,
    writer: JoinHandle<()>,
    tasks: Vec<JoinHandle<()>>,
}

/// Why a process does not start.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotStarted {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Connect(#[from] ConnectError),
}

impl From<NotStarted> for String {
    fn from(why: NotStarted) -> Self {
        why.to_string()
    }
}

impl Gateway {
    pub(super) fn start(
        number: u32,
        world: &Arc<World>,
        conductor: &Arc<Conductor>,
        desk: &Arc<Desk>,
        credentials: &Credentials,
        life: &GatewayLife,
        disk: Disk,
    ) -> Result<Self, NotStarted> {
        let place = disk.clone();
        let (Opened { store, open }, writer) =
            Store::open_apart(move || Ok(place.clone()), Limits::default())?;
        for call in &open {
            world.words("gateway", format!("a start finds a call {:?}", call.record.state()));
        }
        let settings = &life.base.settings[number as usize % life.base.settings.len()];
        let (config, network, clock) =
            connection(number, world, conductor, life.base.keys, credentials, settings)?;
        if world.is_healed() {
            clock.correct();
        }
        let ham = PersistentHam::start(config.with_on_unknown(remember_lost))?;
        let config = OutboxConfig::default()
            .with_linger(life.linger)
            .with_answer_within(life.answer_within)
            .with_nonce_life(life.nonce_life)
            .with_lanes(life.lanes)
            .with_wall_clock(clock)
            .with_entropy(Arc::new(Drawn::new(world.stream("names", u64::from(number)))));
        let apps = BTreeMap::from([(APP.to_owned(), ham.clone())]);
        let outbox = Outbox::start(config, Opened { store, open }, apps);
        let writer = spawn(write(writer, disk.clone(), Arc::clone(world), number));
        let (world, desk) = (Arc::clone(world), Arc::clone(desk));
        let client = Client { task: number * 16, ham, outbox, world, desk };
        Ok(Self { number, client, network, disk, writer, tasks: Vec::new() })
    }

    /// Lets clients do their steps.
    pub(super) fn begin(&mut self, steps: Vec<Step>) {
        for (nth, step) in steps.into_iter().enumerate() {
            let client = Client { task: self.number * 16 + (nth as u32 % 15), ..self.client.clone() };
            self.tasks.push(spawn(async move {
                pause(step.at).await;
                client.ask(step.asks).await;
            }));
        }
    }

    /// Resolves when every client has its answer.
    pub(super) async fn finished(&mut self) {
        while let Some(task) = self.tasks.last_mut() {
            // A client that panicked is a finding of its own.
            let _ = task.await;
            self.tasks.pop();
        }
    }

    /// Ends the way a killed process ends: not a single byte more leaves it, and nothing more is written.
    pub(super) async fn crash(self, silent: bool) {
        self.network.sever(if silent { Severed::Silent } else { Severed::Reset });
        self.writer.abort();
        for task in &self.tasks {
            task.abort();
        }
        self.client.world.note(Happened::Crashed { process: self.number });
        // Aborted tasks end in their next turn, the outbox's own once its handles are gone.
        yields(2).await;
    }

    /// Stops the way a process stops on request, unless the power fails meanwhile.
    pub(super) async fn close(self) {
        let Self { number, client, network, disk, mut writer, .. } = self;
        let world = Arc::clone(&client.world);
        let closing = async {
            client.outbox.drain(DRAIN).await;
            client.ham.close().await;
            drop(client);
            // It ends once nobody can ask it for anything.
            let _ = (&mut writer).await;
        };
        tokio::select! {
            biased;
            () = disk.died() => {}
            () = closing => return,
        }
        network.sever(Severed::Reset);
        writer.abort();
        world.note(Happened::Crashed { process: number });
        yields(2).await;
    }

    /// Everything is well: whatever is open is settled in time, and what was accepted is there.
    pub(super) async fn settle(self, life: &GatewayLife) {
        let within = life.nonce_life + SETTLED_WITHIN;
        let client = &self.client;
        let settled = async {
            while client.outbox.open_calls().oldest.is_some() {
                pause(Duration::from_secs(1)).await;
            }
        };
        if timeout(within, settled).await.is_err() {
            client.world.broken("G8", format!("open after {within:?}: {:?}", client.outbox.open_calls()));
        }
        client.look_at_all().await;
        self.close().await;
    }
}

/// The disk takes its time, and so does the receiver of the result.
async fn write(mut writer: Writer, disk: Disk, world: Arc<World>, number: u32) {
    let mut dice = world.stream("writer", u64::from(number));
    while writer.gather().await {
        pause(dice.skewed_millis(20)).await;
        loop {
            let again = writer.commit();
            if disk.is_dead() {
                // The process is as dead as its disk.
                return std::future::pending().await;
            }
            let Some(after) = again else { break };
            world.words("gateway", "the disk fails");
            pause(after).await;
        }
        pause(dice.skewed_millis(5)).await;
        writer.answer();
    }
}

const DRAIN: Duration = Duration::from_secs(25);
/// How much longer than its nonce lives it takes to settle a call: clocks differ by up to five minutes, and calls are delivered for
/// up to an hour, one after the other.
const SETTLED_WITHIN: Duration = Duration::from_secs(5 * 3600);
