//! What `ham gateway` reads and leaves on a disk.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::gateway::started;
use crate::support::{Ham, probe};

/// As a shell's `<(…)` gives it.
#[tokio::test]
async fn its_configuration_may_come_out_of_a_pipe() {
    let ham = Ham::new();
    let pipe = ham.home.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let name = pipe.display().to_string();
    let checked = ["gateway", "check", "--config", &name];
    let (checked, written) =
        tokio::join!(ham.run(&checked), tokio::fs::write(&pipe, "listen = \"127.0.0.1:0\"\n"));
    written.unwrap();
    checked.failed(2, &["2 things are wrong with", &name]);
    let wrong = ["gateway", "check", "--config", &name];
    let (wrong, written) = tokio::join!(ham.run(&wrong), tokio::fs::write(&pipe, "listn = 1\n"));
    written.unwrap();
    wrong.failed(2, &["unknown field `listn`", &name]);
}

/// What an outbox was in stayed in the temporary directory for good.
#[tokio::test]
async fn what_a_killed_one_for_developing_left_goes_with_the_next() {
    let ham = Ham::new();
    let temporary = ham.home.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let ham = ham.with("TMPDIR", temporary.display());
    let left = || -> BTreeSet<PathBuf> {
        let entries = std::fs::read_dir(&temporary).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.join("outbox.redb").exists()).collect()
    };
    let start = ["gateway", "--json", "--dev", "--app", &probe(), "--listen", "127.0.0.1:0"];
    let mut killed = ham.start(&start);
    started(&mut killed).await;
    killed.signal(Signal::KILL);
    killed.ended().await;
    let before = left();
    assert_eq!(before.len(), 1);
    let mut running = ham.start(&start);
    started(&mut running).await;
    let now = left();
    assert!(now.len() == 1 && now.is_disjoint(&before), "{now:?} {before:?}");
    running.signal(Signal::TERM);
    assert_eq!(running.ended().await, Some(0));
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
}
