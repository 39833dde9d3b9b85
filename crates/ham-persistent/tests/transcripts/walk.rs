//! Lives drawn from seeds, each held against the contract. A failing one names its seed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ham_persistent::{Config, Event, PermanentPolicy};
use ham_testkit::scripted::{Attempt, Script, ScriptedConnector};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::setup::{Handle, Setup, all, millis, pass, seconds};

const LIVES: u64 = 2000;

/// What the callback has seen.
#[derive(Default)]
struct Seen {
    events: Vec<String>,
    connected: bool,
    /// `Connected`'s callback runs.
    greeting: bool,
    /// Close was asked for, or the last handle dropped.
    closing: bool,
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Seen>>);

impl Log {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.0.lock().expect("no test panics with it")
    }

    fn begin(&self, event: &Event<ScriptedConnector>) -> Callback {
        let mut seen = self.seen();
        assert!(!seen.greeting, "{event:?} while the callback of Connected runs: {:?}", seen.events);
        match event {
            Event::Connected(_) => {
                assert!(!seen.connected, "{:?}", seen.events);
                (seen.connected, seen.greeting) = (true, true);
            }
            Event::Disconnected => {
                assert!(seen.connected, "Disconnected without Connected: {:?}", seen.events);
                seen.connected = false;
            }
            Event::AttemptingToConnect | Event::ObtainedAddress(_) | Event::FailedToConnect(_) => {
                assert!(!seen.connected, "{event:?}: {:?}", seen.events);
            }
        }
        seen.events.push(format!("{event:?}"));
        Callback { log: self.clone(), done: false }
    }
}

/// One run of the callback.
struct Callback {
    log: Log,
    done: bool,
}

impl Callback {
    fn finish(mut self) {
        self.done = true;
    }
}

impl Drop for Callback {
    fn drop(&mut self) {
        let mut seen = self.log.seen();
        let cut_off = std::mem::take(&mut seen.greeting) && !self.done && !seen.closing;
        drop(seen);
        // A panic while the driver drops it would end it, so the test notices.
        assert!(!cut_off, "the callback of Connected is cut off");
    }
}

fn attempt(dice: &mut StdRng) -> Attempt {
    let attempt = match dice.random_range(0..8) {
        0 => Attempt::refused("refused"),
        1 => Attempt::refused("timed out"),
        2 => Attempt::refused_for_good("wrong"),
        3 => Attempt::without_address("unknown"),
        4 => Attempt::hanging(),
        _ => Attempt::accepted(),
    };
    let takes = [0, 0, 1, 700][dice.random_range(0..4)];
    attempt.taking(millis(takes)).closing_in(millis([0, 300][dice.random_range(0..2)]))
}

fn lose(script: &Script) {
    if script.links() > 0 {
        script.link(script.links()).lose("reset");
    }
}

/// Whether the handle is still there afterwards.
async fn meddle(dice: &mut StdRng, handle: Handle, script: &Script, log: &Log) -> Option<Handle> {
    for _ in 0..dice.random_range(1..12) {
        pass(millis([0, 1, 1, 300, 1000, 12_000][dice.random_range(0..6)])).await;
        match dice.random_range(0..16) {
            0 => {
                log.seen().closing = true;
                drop(handle.close());
            }
            1 => {
                log.seen().closing = true;
                return None;
            }
            2 => handle.close_when_current_connection_is_closed(),
            3..=5 => handle.redial_now(),
            _ => lose(script),
        }
    }
    Some(handle)
}

async fn live(seed: u64) {
    let mut dice = StdRng::seed_from_u64(seed);
    let config = Config::default().with_retry(crate::setup::doubling());
    let stops = Config::default().with_on_permanent(PermanentPolicy::Stop);
    let setup = Setup::new().config(if dice.random_bool(0.3) { stops } else { config });
    for _ in 0..20 {
        setup.script.push(attempt(&mut dice));
    }
    let log = Log::default();
    let (heard, takes) = (log.clone(), [0, 0, 400][dice.random_range(0..3)]);
    let builder = setup.builder.on_event(move |event| {
        let callback = heard.begin(&event);
        async move {
            if takes > 0 {
                pass(millis(takes)).await;
            }
            callback.finish();
        }
    });
    let (handle, script) = (builder.spawn(), setup.script);
    let first = handle.event_bus();
    let handle = meddle(&mut dice, handle, &script, &log).await;
    let (last, late) = match &handle {
        Some(handle) => {
            let seen = log.seen();
            (seen.events.len(), Some(handle.event_bus()))
        }
        None => (0, None),
    };
    let finished = match handle {
        Some(handle) => {
            let handle = meddle(&mut dice, handle, &script, &log).await;
            log.seen().closing = true;
            handle.map(|handle| handle.close())
        }
        None => None,
    };
    if let Some(finished) = finished {
        finished.await;
    }
    let published = all(first).await;
    if let Some(late) = late {
        assert_eq!(
            all(late).await,
            published[last.saturating_sub(1)..],
            "the last event first, then the rest"
        );
    }
    pass(seconds(100)).await;
    let seen = log.seen();
    assert_eq!(published, seen.events, "the bus and the callback");
    assert!(!seen.connected, "a Connected without its Disconnected: {published:?}");
    assert_eq!(script.open_links(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_contract_holds_in_every_life() {
    for seed in 0..LIVES {
        let life = std::panic::AssertUnwindSafe(tokio::time::timeout(Duration::from_secs(3600), live(seed)));
        match futures_util::FutureExt::catch_unwind(life).await {
            Ok(ended) => ended.unwrap_or_else(|_| panic!("the life of seed {seed} does not end")),
            Err(why) => {
                eprintln!("seed {seed}");
                std::panic::resume_unwind(why);
            }
        }
    }
}
