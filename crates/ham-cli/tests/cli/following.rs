//! `--timeout` ends what follows.

use ham_testkit::server::{Behaviour, Server};

use crate::support::{Ham, probe};

/// It never ended.
#[tokio::test]
async fn signals_that_do_not_come_end_at_the_time_out() {
    let ham = Ham::new();
    let signals = ["signals", "--app", &probe(), "--timeout", "5s"];
    let counted = ham.run(&[&signals[..], &["--count", "1"]].concat()).await;
    counted.failed(1, &["0 of 1", "5s"]);
    // Without a count, whatever came is what was asked for.
    ham.run(&signals).await.ok();
    ham.run(&["state", "--follow", "--app", &probe(), "--timeout", "5s"]).await.ok();
}

#[tokio::test]
async fn envelopes_that_do_not_come_end_at_the_time_out() {
    let server = Server::start([Behaviour::Silent]).await.unwrap();
    let ham = Ham::new();
    let listen = ["listen", &server.url(), "--timeout", "1s"];
    ham.run(&[&listen[..], &["--count", "2"]].concat()).await.failed(1, &["0 of 2", "1s"]);
    ham.run(&listen).await.ok();
    let waiting = ["listen", "ws://127.0.0.1:1/", "--wait", "--timeout", "1s"];
    ham.run(&waiting).await.failed(3, &["gave up waiting"]);
}
