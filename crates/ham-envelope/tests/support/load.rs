//! Callers that ask without end while their links are cut, and what becomes of each request.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ham_envelope::{ConnectEvent, Envelope, Handler, Router};
use ham_session::Delivery;
use ham_testkit::chaos::Proxy;
use tokio_util::sync::CancellationToken;

use super::{BOUND, Running, config, must, next};

pub(crate) const CYCLES: u64 = 1000;
const CALLERS: u64 = 8;

/// What 900 cycles may add: what the logs of server, proxy and test hold, and an allocator's slack.
const GROWTH: u64 = 16 << 20;

/// Caller, and number of its request.
type Own = (u64, u64);

/// How often a server of ours was asked what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(Arc<Mutex<HashMap<Own, u32>>>);

impl Seen {
    pub(crate) fn note(&self, own: Own) {
        *self.0.lock().unwrap().entry(own).or_default() += 1;
    }

    pub(crate) fn times(&self, own: Own) -> u32 {
        self.0.lock().unwrap().get(&own).copied().unwrap_or_default()
    }
}

/// Answers `ask` with its payload and notes it.
pub(crate) fn noting(seen: &Seen) -> Router {
    let seen = seen.clone();
    Router::new().on("ask", move |request: Envelope| {
        let seen = seen.clone();
        async move {
            if let Ok(own) = request.payload_as() {
                seen.note(own);
            }
            let mut answer = request.reply("answer");
            answer.payload = request.payload;
            Ok::<_, String>(answer)
        }
    })
}

#[derive(Debug, Default)]
struct Outcomes {
    answered: Vec<Own>,
    not_sent: Vec<Own>,
    unknown: Vec<Own>,
}

/// Cuts a client's links to `server` a thousand times while eight callers ask `kinds` in turn. Every request has one outcome,
/// and where `seen` was kept that is the truth: what was answered was seen once, what was not sent never, and nothing twice.
#[expect(clippy::disallowed_methods, reason = "a test owns its tasks")]
pub(crate) async fn cut_a_thousand_times(
    server: SocketAddr,
    handler: impl Handler,
    kinds: &'static [&'static str],
    seen: Option<Seen>,
) {
    let proxy = Proxy::start(server).await.unwrap();
    // No link of it lasts, so each cut costs the longest pause.
    let pause = Duration::from_millis(1);
    let config = config(&format!("ws://{}/", proxy.address()))
        .with_endpoint(|endpoint| endpoint.with_reconnect_delays(pause, pause));
    let running = Running::start(config, handler);
    let mut events = running.client.events();
    let done = CancellationToken::new();
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (client, done) = (running.client.clone(), done.clone());
            tokio::spawn(async move {
                let mut outcomes = Outcomes::default();
                for (own, kind) in (0..).map(|n| (caller, n)).zip(kinds.iter().cycle()) {
                    if done.is_cancelled() {
                        break;
                    }
                    let request = Envelope::request(*kind).with_payload(own).unwrap();
                    match client.request(request, BOUND).await {
                        Ok(answer) => {
                            assert_eq!(answer.payload_as::<Own>().unwrap(), own, "another's answer");
                            outcomes.answered.push(own);
                        }
                        Err(error) => match error.delivery() {
                            Delivery::NotSent => outcomes.not_sent.push(own),
                            Delivery::Unknown => outcomes.unknown.push(own),
                            Delivery::Answered => panic!("{error}"),
                        },
                    }
                }
                outcomes
            })
        })
        .collect();
    let mut after_warm_up = 0;
    for cycle in 0..CYCLES {
        while next(&mut events).await != ConnectEvent::Connected {}
        // Cut while the callers are at it: the answer of one of them shows that they are.
        running.client.request(Envelope::request("ask"), BOUND).await.ok();
        proxy.cut_now();
        if cycle == CYCLES / 10 {
            after_warm_up = resident();
        }
    }
    done.cancel();
    let (mut answered, mut not_sent, mut unknown) = (0, 0, 0);
    for caller in callers {
        let outcomes = must(caller).await.unwrap();
        answered += outcomes.answered.len();
        not_sent += outcomes.not_sent.len();
        unknown += outcomes.unknown.len();
        if let Some(seen) = &seen {
            assert!(outcomes.answered.iter().all(|own| seen.times(*own) == 1));
            assert!(outcomes.not_sent.iter().all(|own| seen.times(*own) == 0));
            assert!(outcomes.unknown.iter().all(|own| seen.times(*own) <= 1));
        }
    }
    println!(
        "{CYCLES} cuts: {} requests, {answered} answered, {not_sent} not sent, {unknown} unknown",
        answered + not_sent + unknown
    );
    assert!(answered > 0 && unknown > 0, "no request was under way at any cut");
    settled(after_warm_up);
    running.stop().await;
}

/// The memory has not grown by more than it may.
pub(crate) fn settled(after_warm_up: u64) {
    let grown = resident().saturating_sub(after_warm_up);
    println!("memory grew by {} KiB", grown >> 10);
    assert!(grown < GROWTH, "memory grew by {grown} bytes");
}

/// The memory of this process in bytes.
pub(crate) fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
