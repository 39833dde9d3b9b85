//! A kill at each point that the documentation of crashes names.

use crate::gateway::{Gateway, TIMEOUT};
use crate::job::{Job, Say, Setup, Told, Way};
use crate::ledger::Figures;
use crate::stage::{ROLES, Stage};
use tokio::time::{Instant, sleep_until};

/// How many calls are made before a kill.
const CALLS: usize = 40;
/// How many of them have to be open at the kill.
const OPEN: usize = 8;

/// Calls of all kinds. Direct ones have a cell of their own: those that are journalled first would wait for them.
fn jobs(name: &str, millis: Option<u64>, within_ms: u64) -> Vec<Job> {
    let ways = [Way::Keyed, Way::Background, Way::Keyed, Way::Direct, Way::Background];
    let job = |nth: usize| {
        let way = ways[nth % ways.len()];
        let role = if way == Way::Direct { ROLES[4] } else { ROLES[nth % 4] };
        Job { id: format!("{name}-{nth}"), way, role: role.into(), millis, within_ms }
    };
    (0..CALLS).map(job).collect()
}

/// Kills the gateway at a point by itself, starts it again, settles and compares.
async fn killed_at(
    point: &str,
    setup: impl FnOnce(&mut Setup),
    jobs: Vec<Job>,
    lost: bool,
) -> (Stage, Figures) {
    let mut stage = Stage::set().await;
    let calm = stage.setup.clone();
    setup(&mut stage.setup);
    let mut gateway = Gateway::start(&stage.setup, Some(point)).await;
    if lost {
        stage.proxy.hold();
    }
    stage.make(&mut gateway, &jobs).await;
    gateway.buried(&mut stage.ledger).await;
    after(stage, calm, lost).await
}

async fn after(mut stage: Stage, calm: Setup, lost: bool) -> (Stage, Figures) {
    let open = stage.ledger.open();
    assert!(open >= OPEN, "{open} calls were open");
    if lost {
        // What the proxy held is gone with its sockets.
        stage.proxy.cut_now();
        stage.proxy.release();
    }
    stage.setup = calm;
    let mut gateway = Gateway::start(&stage.setup, None).await;
    stage.settle(&mut gateway).await;
    let figures = stage.compare().await;
    gateway.kill(&mut stage.ledger).await;
    eprintln!("{open} open at the kill; {figures:?}");
    figures.hold();
    (stage, figures)
}

/// A point that needs nothing but itself.
async fn plain(point: &str, name: &str) {
    let (stage, _) = killed_at(point, |_| (), jobs(name, None, 60_000), false).await;
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k1_before_it_is_on_disk() {
    plain("K1:1", "k1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k2_accepted_and_not_signed() {
    plain("K2:3", "k2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k3_signed_and_no_byte_left() {
    plain("K3:4", "k3").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k4_bytes_left_and_never_came() {
    let (stage, figures) = killed_at("K4:2", |_| (), jobs("k4", None, 60_000), true).await;
    // Nothing came, so all that is not waited for by a dead caller ran after the start.
    assert_eq!((figures.arrived, figures.unknown), (0, 0));
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k5_it_ran_and_its_answer_is_lost() {
    let mut stage = Stage::set().await;
    let mut gateway = Gateway::start(&stage.setup, Some("K5:1")).await;
    let jobs = jobs("k5", Some(20), 60_000);
    stage.make(&mut gateway, &jobs).await;
    ran(&stage, 12, Way::Direct).await;
    gateway.kill(&mut stage.ledger).await;
    let calm = stage.setup.clone();
    let (stage, figures) = after(stage, calm, false).await;
    assert!(figures.arrived >= 3, "what ran without an answer has arrived: {figures:?}");
    stage.strike().await;
}

/// Waits until so many calls stand on the chain that were not made in this way.
async fn ran(stage: &Stage, wanted: usize, not: Way) {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let chain = stage.chain().await;
        let ran = stage.ledger.jobs.values().filter(|entry| entry.job.way != not);
        if ran.filter(|entry| chain.contains_key(&entry.job.id)).count() >= wanted {
            return;
        }
        assert!(Instant::now() < deadline, "they do not run: {:?} {:?}", chain, stage.ledger);
        sleep_until(Instant::now() + std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k6_the_answer_is_read_and_not_on_disk() {
    plain("K6:3", "k6").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k7_the_answer_is_on_disk_and_not_told() {
    plain("K7:3", "k7").await;
}

/// Calls that take longer than half of their callers wait.
fn impatient(name: &str) -> Vec<Job> {
    let mut jobs = jobs(name, Some(1_000), 60_000);
    jobs.iter_mut().step_by(2).for_each(|job| job.within_ms = 500);
    jobs
}

/// Nobody listens longer than callers wait, so that their calls are fenced.
fn hasty(setup: &mut Setup) {
    setup.linger_ms = 0;
    setup.answer_within_ms = 300;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k8_a_fence_may_leave_and_has_not() {
    let (stage, _) = killed_at("K8:1", hasty, impatient("k8"), false).await;
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k9_a_fence_has_left_and_its_answer_is_lost() {
    let (stage, _) = killed_at("K9:1", hasty, impatient("k9"), false).await;
    stage.strike().await;
}

/// Both are gone for longer than a nonce lives: what was signed is settled as unknown, without a conductor, and what was not did
/// not run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k10_down_until_the_nonces_expired() {
    let mut stage = Stage::set().await;
    let mut gateway = Gateway::start(&stage.setup, Some("K5:1")).await;
    let jobs = jobs("k10", None, 60_000);
    stage.make(&mut gateway, &jobs).await;
    ran(&stage, 6, Way::Direct).await;
    gateway.kill(&mut stage.ledger).await;
    let open = stage.ledger.open();
    assert!(open >= OPEN, "{open} calls were open");
    stage.conductor.kill().await.unwrap();
    stage.setup = Setup { ahead_s: 2 * 60 * 60, without_link: true, ..stage.setup };
    let mut gateway = Gateway::start(&stage.setup, None).await;
    let keyed: Vec<_> = stage.ledger.jobs.values().filter(|entry| entry.job.way != Way::Direct).collect();
    let repeats: Vec<_> = keyed.iter().map(|entry| Job { within_ms: 500, ..entry.job.clone() }).collect();
    for job in &repeats {
        gateway.ask(&crate::job::Ask::Make(job.clone())).await;
    }
    let mut left = repeats.len();
    let all = gateway.listen(&mut stage.ledger, |said| {
        left -= usize::from(matches!(said, Say::Told { .. }));
        left == 0
    });
    assert!(all.await);
    let unknown = stage.ledger.jobs.values().filter(|entry| entry.told == [Told::Unknown]).count();
    assert!(unknown >= 3, "what was signed is unknown: {:?}", stage.ledger);
    stage.setup = Setup { ahead_s: 0, without_link: false, ..stage.setup };
    gateway.kill(&mut stage.ledger).await;
    stage.restart_conductor().await;
    stage.ledger.compare(&stage.chain().await).hold();
    stage.strike().await;
}
