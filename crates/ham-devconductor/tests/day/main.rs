//! A day of schedules, in seconds: each is run at its time, once, and nothing of them stays behind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod ticking;
#[expect(dead_code, reason = "the hostile suite uses the rest")]
#[path = "../hostile/zome.rs"]
mod zome;

use std::sync::Arc;
use std::time::Duration;

use ham_devconductor::{Config, DevConductor};
use holochain_client::{
    AdminWebsocket, AppWebsocket, AuthorizeSigningCredentialsPayload, CellInfo, ClientAgentSigner, ExternIO,
    Timestamp,
};
use holochain_types::signal::Signal;
use tokio::sync::mpsc::Receiver;

mod support {
    /// There is one app.
    pub(crate) fn fresh_name() -> String {
        "day".to_owned()
    }
}

/// How long anything may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(60);

const STEP: Duration = Duration::from_secs(600);

/// Every ten minutes it tells a signal.
fn coordinator() -> String {
    let (imports, functions) = ticking::ticking("0 */10 * * * * *");
    zome::module(imports, &functions)
}

/// What this process holds: threads and descriptors.
fn held() -> (usize, usize) {
    let count = |path| std::fs::read_dir(path).unwrap().count();
    (count("/proc/self/task"), count("/proc/self/fd"))
}

/// Once it holds no more than that: threads that the runtime keeps for what blocks go when there is nothing to do for them.
async fn is_again(before: (usize, usize)) {
    // No system tells of the ends of threads.
    let mut look = tokio::time::interval(Duration::from_millis(10));
    let again = async {
        while held().0 > before.0 + 2 || held().1 > before.1 + 2 {
            look.tick().await;
        }
    };
    let again = tokio::time::timeout(PATIENCE, again).await;
    assert!(again.is_ok(), "{before:?} became {:?}", held());
}

/// Once it has run.
async fn tick(ticks: &mut Receiver<()>) {
    tokio::time::timeout(PATIENCE, ticks.recv()).await.expect("it runs").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_schedules_runs_each_once_and_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let conductor = DevConductor::start_with(Config::default().with_data(home.path())).await.unwrap();
    let id = conductor.install(zome::app("day", &[zome::Dna::with_coordinator(&coordinator())]), None).await;
    let admin = AdminWebsocket::connect(conductor.admin_address(), None).await.unwrap();
    let port = conductor.attach_app_interface(0).await.unwrap();
    let token = admin.issue_app_auth_token(id.unwrap().into()).await.unwrap().token;
    let signer = Arc::new(ClientAgentSigner::default());
    let client =
        AppWebsocket::connect(("127.0.0.1", port), token, Arc::clone(&signer) as _, None).await.unwrap();
    let Some(CellInfo::Provisioned(cell)) = client.cached_app_info().cell_info["role 0"].first() else {
        panic!("it is provisioned")
    };
    let cell = cell.cell_id.clone();
    let grant = AuthorizeSigningCredentialsPayload { cell_id: cell.clone(), functions: None };
    signer.add_credentials(cell.clone(), admin.authorize_signing_credentials(grant).await.unwrap());
    let (told, mut ticks) = tokio::sync::mpsc::channel(8);
    client
        .on_signal(move |signal| {
            if matches!(signal, Signal::App { .. }) {
                told.try_send(()).unwrap();
            }
        })
        .await;

    let nothing = ExternIO::encode(()).unwrap();
    // It stands from the first run on, else full ten minutes may come by themselves; ahead of the system's clock, by which that run is due.
    let then = (Timestamp::now() + Duration::from_secs(60)).unwrap();
    conductor.freeze_clock(Some(then)).unwrap();
    client.call_zome(cell.into(), "zome".into(), "run".into(), nothing).await.unwrap();
    tick(&mut ticks).await;
    // The next runs are due at full ten minutes; it is a second after one.
    let full = then.as_micros() / 600_000_000 * 600_000_000;
    let mut now = Timestamp::from_micros(full + 1_000_000);
    let mut before = (0, 0);
    for step in 1..=24 * 6 {
        now = (now + STEP).unwrap();
        conductor.freeze_clock(Some(now)).unwrap();
        tick(&mut ticks).await;
        // By then all there is to make has been made.
        if step == 24 {
            before = held();
        }
    }
    is_again(before).await;
    assert!(ticks.try_recv().is_err(), "one ran twice");
    conductor.shut_down().await;
}
