//! A thousand cuts under load.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ham_envelope::{ConnectEvent, Envelope};
use ham_session::Delivery;
use ham_testkit::chaos::Proxy;
use support::{BOUND, Running, answering, config, deaf, next};
use tokio_util::sync::CancellationToken;

const CYCLES: u64 = 1000;
const CALLERS: u64 = 8;

/// What 900 cycles may add: what the logs of server and proxy hold, and an allocator's slack.
const GROWTH: u64 = 16 << 20;

#[derive(Debug, Default)]
struct Outcomes {
    answered: AtomicU64,
    not_sent: AtomicU64,
    unknown: AtomicU64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "a test owns its tasks")]
async fn a_thousand_cuts_leave_every_request_with_its_outcome_and_nothing_behind() {
    let server = answering().await;
    let proxy = Proxy::start(server.address()).await.unwrap();
    // No link of it lasts, so each cut costs the longest pause.
    let pause = Duration::from_millis(1);
    let config = config(&format!("ws://{}/", proxy.address())).with_reconnect_delays(pause, pause);
    let running = Running::start(config, deaf());
    let mut events = running.client.events();
    let (outcomes, done) = (Arc::new(Outcomes::default()), CancellationToken::new());
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (client, outcomes, done) = (running.client.clone(), outcomes.clone(), done.clone());
            tokio::spawn(async move {
                let mut made = 0_u64;
                while !done.is_cancelled() {
                    let own = (caller, made);
                    let request = Envelope::request("ask").with_payload(own).unwrap();
                    let counter = match client.request(request, BOUND).await {
                        Ok(answer) => {
                            assert_eq!(answer.payload_as::<(u64, u64)>().unwrap(), own, "another's answer");
                            &outcomes.answered
                        }
                        Err(error) => match error.delivery() {
                            Delivery::NotSent => &outcomes.not_sent,
                            Delivery::Unknown => &outcomes.unknown,
                            Delivery::Answered => panic!("{error}"),
                        },
                    };
                    counter.fetch_add(1, Ordering::Relaxed);
                    made += 1;
                }
                made
            })
        })
        .collect();
    let mut after_warm_up = 0;
    for cycle in 0..CYCLES {
        while next(&mut events).await != ConnectEvent::Connected {}
        // Cut while the callers are at it: the answer of one of them shows that they are.
        running.client.request(Envelope::request("mine"), BOUND).await.ok();
        proxy.cut_now();
        if cycle == CYCLES / 10 {
            after_warm_up = resident();
        }
    }
    done.cancel();
    let mut made = 0;
    for caller in callers {
        made += support::must(caller).await.unwrap();
    }
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (answered, not_sent, unknown) =
        (count(&outcomes.answered), count(&outcomes.not_sent), count(&outcomes.unknown));
    println!("{CYCLES} cuts: {made} requests, {answered} answered, {not_sent} not sent, {unknown} unknown");
    assert_eq!(made, answered + not_sent + unknown);
    assert!(answered > 0 && unknown > 0, "no request was under way at any cut");
    let grown = resident().saturating_sub(after_warm_up);
    println!("memory grew by {} KiB", grown >> 10);
    assert!(grown < GROWTH, "memory grew by {grown} bytes");
    running.stop().await;
}

/// The memory of this process in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
