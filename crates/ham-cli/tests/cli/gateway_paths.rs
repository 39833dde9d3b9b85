//! What `ham gateway` reads and leaves on a disk.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::gateway::started;
use crate::keeping::{calls, keeping};
use crate::support::{Ham, no_secret, probe};

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
    checked.failed(2, &["2 faults in", &name]);
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

/// A blank line before a key, or all that `ham gateway key new` prints, was "no token".
#[tokio::test]
async fn a_key_file_holds_a_key_alone_whatever_blanks_are_around_it() {
    let ham = Ham::new();
    let keeping = keeping(&ham, "shop", "1").await;
    let list = async |text: &str| {
        std::fs::write(&keeping.key_file, text).unwrap();
        calls(&ham, &keeping.url, &keeping.key_file, &["list"]).await
    };
    list(&format!("\n \r\n  {} \n\n", keeping.key)).await.ok();
    let whole = ham.run(&["gateway", "key", "new", "--name", "t"]).await.ok();
    for text in [whole.text(), "", "\n", &format!("{}\n{}\n", keeping.key, keeping.key)] {
        let refused = list(text).await;
        refused.failed(2, &["the file named by --key-file must hold a key", "the first line that"]);
        no_secret(&refused.all(), keeping.key.as_bytes());
    }
    keeping.running.signal(Signal::INT);
    assert_eq!(keeping.running.ended().await, Some(0));
}

/// A pipe without a writer and a silent standard input were waited for for ever, and a key in the place of a path was repeated.
#[tokio::test]
async fn a_key_is_waited_for_as_long_as_an_answer_and_is_not_repeated() {
    let ham = Ham::new();
    let pipe = ham.home.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&pipe).status().unwrap().success());
    let name = pipe.display().to_string();
    let list = ["gateway", "calls", "list", "--timeout", "1s", "--key-file"];
    let silent = ham.run(&[&list[..], &[&name]].concat()).await;
    silent.failed(2, &["the file that --key-file names", "it did not end within 1s"]);
    let mut waiting = ham.start_with_silence(&[&list[..], &["-"]].concat());
    waiting.said("it did not end within 1s").await;
    assert_eq!(waiting.ended().await, Some(2));
    let key = ham.run(&["gateway", "key", "new", "--name", "t", "--json"]).await.ok().json();
    let key = key["key"].as_str().unwrap();
    for words in [&[&list[..], &[key]].concat()[..], &["gateway", "calls", "cancel", key]] {
        let told = ham.run(words).await;
        assert_eq!(told.code, Some(2), "{told}");
        no_secret(&told.all(), key.as_bytes());
    }
}
