//! A slice of the soak on the embedded conductor; all of it is `ham demo --soak`.
#![cfg(target_os = "linux")]

use ham_cli::demo::{SoakOptions, soak};
use ham_launcher::Install;

const CALLS: u64 = 10_000;
const LOSSES: u64 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_over_fifty_lost_links_leave_nothing_behind() {
    let install = Install::embedded_of_this_build().expect("an embedded conductor");
    let options = SoakOptions::default().with_install(install).with_calls(CALLS).with_losses(LOSSES);
    let report = soak(options, |progress| eprintln!("{progress}")).await.expect("it can be carried out");
    assert_eq!(report.verdict(), Ok(()), "{report}");
    assert_eq!(report.losses, LOSSES);
    assert_eq!(report.echoes.values().sum::<u64>() + u64::from(report.writes.made), CALLS);
    assert!(report.writes.answered > 0, "{report}");
}
