//! Kills and cuts, with calls made in every way, and the chain as the judge. Built twice: as `kills`, on a real conductor, and as
//! `embedded_kills`. Other releases: `kills_of_releases.rs`.
//!
//! 5 kills, 50 cuts and 2,500 calls, unless `HAM_KILLS=full`: then 20 kills, 200 cuts and 10,000 calls. More of it:
//! `ham demo --kills 1000 --calls 60000`.
//!
//! The scenario is `ham demo`'s own engine. Everything it does is drawn from a seed, which the report prints; set
//! `HAM_CHAOS_SEED` to repeat a run.
#![cfg(target_os = "linux")]

mod scenario;

use std::time::Duration;

use ham_cli::demo::{DemoOptions, Progress, run};
use ham_launcher::Install;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use scenario::{Size, alone, keeps_its_promises};
use tokio::sync::watch;

const SIZE: Size = Size { kills: 5, cuts: 50, calls: 2_500, sees_everything: true };

/// The conductor of this test program.
async fn install() -> Install {
    Install::of_test(env!("CARGO_CRATE_NAME")).await.expect("a conductor")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_lost_or_run_twice_under_kills_and_cuts() {
    let _alone = alone().await;
    keeps_its_promises(install().await, SIZE.or_full()).await;
}

/// A killed process is gone within milliseconds; running into this means that it stays.
const GONE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_demonstration_leaves_no_conductor() {
    let _alone = alone().await;
    let ready = watch::Sender::new(None);
    let mut started = ready.subscribe();
    let options = DemoOptions::default().with_install(install().await);
    let process = tokio::select! {
        report = run(options, |progress| {
            if let Progress::Ready { process, .. } = progress {
                ready.send_replace(Some(process));
            }
        }) => panic!("ended early: {report:?}"),
        process = started.wait_for(Option::is_some) => process.expect("the sender lives").expect("waited for"),
    };
    // A descriptor of the process itself can be read when it has ended; the number alone may be another's by then, and where there
    // is none, it has ended already.
    let process = Pid::from_raw(i32::try_from(process).expect("a process id")).expect("not 0");
    if let Ok(process) = pidfd_open(process, PidfdFlags::empty()) {
        let ended = tokio::task::spawn_blocking(move || {
            poll(
                &mut [PollFd::new(&process, PollFlags::IN)],
                Some(&Timespec::try_from(GONE).expect("seconds")),
            )
        });
        assert_eq!(ended.await.expect("no panic"), Ok(1), "it is still there");
    }
}
