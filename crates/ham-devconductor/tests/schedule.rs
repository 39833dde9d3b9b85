//! Scheduled functions: by a clock that a test moves, and across a restart.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod support;

use std::time::Duration;

use ham_devconductor::{Config, DevConductor};
use holochain_client::{
    AdminWebsocket, AllowedOrigins, AppWebsocket, CellId, ClientAgentSigner, ExternIO, Timestamp,
};
use holochain_types::signal::Signal;
use support::{admin, authorize, cell, connect_as, install, must};
use tokio::sync::mpsc::Receiver;

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
struct Ticks {
    ephemeral: u32,
    persisted: u32,
}

/// A client of the role `features`, and one item for every commit in it.
struct Client {
    admin: AdminWebsocket,
    client: AppWebsocket,
    cell: CellId,
    commits: Receiver<()>,
}

impl Client {
    async fn connect(conductor: &DevConductor, signer: &ClientAgentSigner) -> Self {
        let admin = admin(conductor).await;
        let port = admin.attach_app_interface(0, None, AllowedOrigins::Any, None).await.unwrap();
        let client = connect_as(&admin, "features", port, signer).await;
        let cell = cell(client.cached_app_info(), "features");
        let (committed, commits) = tokio::sync::mpsc::channel(100);
        client
            .on_signal(move |signal| {
                if matches!(signal, Signal::App { .. }) {
                    committed.try_send(()).unwrap();
                }
            })
            .await;
        Self { admin, client, cell, commits }
    }

    async fn call(&self, function: &str, input: ExternIO) -> ExternIO {
        let (target, zome) = (self.cell.clone().into(), "features".into());
        self.client.call_zome(target, zome, function.into(), input).await.unwrap()
    }

    async fn schedule(&self, function: &str) {
        self.call("schedule_function", ExternIO::encode(function).unwrap()).await;
    }

    async fn records(&self) -> usize {
        let dump = self.admin.dump_state(self.cell.clone(), None, None).await.unwrap();
        let dump: serde_json::Value = serde_json::from_str(&dump).unwrap();
        dump[0]["source_chain_dump"]["records"].as_array().unwrap().len()
    }

    /// Once they have run so often as is wanted.
    async fn ticks(&mut self, wanted: impl Fn(Ticks) -> bool) -> Ticks {
        loop {
            let ticks = self.call("ticks", ExternIO::encode(()).unwrap()).await.decode().unwrap();
            if wanted(ticks) {
                return ticks;
            }
            must(self.commits.recv()).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn schedules_follow_the_clock_and_persisted_ones_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let config = Config::default().with_data(directory.path());
    let conductor = DevConductor::start_with(config).await.unwrap();
    install(&admin(&conductor).await, "features.happ", "features").await;
    let signer = ClientAgentSigner::default();
    let mut client = Client::connect(&conductor, &signer).await;
    authorize(&client.admin, &signer, &client.cell).await;

    // The first run is due at once, which is when the schedule was committed: by the clock of the system, so this one is ahead
    // of it. The next runs are due a tenth of a second and a second later, which does not come.
    let then = (Timestamp::now() + Duration::from_secs(60)).unwrap();
    conductor.freeze_clock(Some(then)).unwrap();
    // Not both at once: what is due together runs together, and of two that write one finds that the chain has moved.
    client.schedule("tick_ephemeral").await;
    client.ticks(|ticks| ticks.ephemeral == 1).await;
    client.schedule("tick_persisted").await;
    client.ticks(|ticks| ticks.persisted == 1).await;

    let conductor = must(conductor.restart()).await.unwrap();
    // Authorized from before: a grant is a commit too, and one beside a run of the schedule is refused.
    let mut client = Client::connect(&conductor, &signer).await;
    // One of them is forgotten. The other runs by the clock as it is now, which is back at the system's time, three times in all.
    let persisted = client.ticks(|ticks| ticks.persisted > 2).await;
    assert_eq!(persisted, Ticks { ephemeral: 1, persisted: 3 });

    conductor.freeze_clock((then + Duration::from_secs(1)).ok()).unwrap();
    client.schedule("tick_ephemeral").await;
    client.ticks(|ticks| ticks.ephemeral == 2).await;
    // A run was refused once the clock was further ahead than a call is good for. So are the calls of clients, whose clock it
    // is not; administrators sign nothing.
    let records = client.records().await;
    conductor.freeze_clock((then + Duration::from_secs(86_400)).ok()).unwrap();
    while client.records().await == records {
        must(client.commits.recv()).await.unwrap();
    }
    conductor.freeze_clock(Some(then)).unwrap();
    client.ticks(|ticks| ticks.ephemeral == 3).await;
    conductor.shut_down().await;
}
