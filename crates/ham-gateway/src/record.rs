//! What happened to an app lately: its calls by the second, and its link. In memory, bounded, for those who look.

mod link;
mod sample;
mod tally;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ham::PersistentHam;
use holochain_zome_types::prelude::Timestamp;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use self::link::Link;
pub(crate) use self::sample::Sample;
pub(crate) use self::tally::Tally;

/// What happened to an app lately.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) tally: Tally,
    samples: Mutex<VecDeque<Sample>>,
    link: Mutex<Link>,
}

impl Record {
    /// The samples after this time, the oldest first.
    pub(crate) fn samples(&self, after: i64) -> Vec<Sample> {
        let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        samples.iter().filter(|sample| sample.t > after).cloned().collect()
    }

    /// The link now, and what happened to it.
    pub(crate) fn link(&self) -> (Value, Value) {
        self.link.lock().unwrap_or_else(PoisonError::into_inner).shown()
    }

    fn sample(&self, t: i64, link: bool) {
        let (second, open) = self.tally.take();
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        if samples.len() >= MOST_SAMPLES {
            samples.pop_front();
        }
        samples.push_back(Sample::of(t, link, second, open));
    }
}

/// Notes what happens to the link of an app, until its connection is closed.
pub(crate) async fn follow(ham: PersistentHam, record: Arc<Record>) {
    let mut watch = ham.state();
    let mut state = watch.get();
    drop(ham);
    loop {
        let open = record.tally.open();
        let now = Timestamp::now().as_millis();
        record.link.lock().unwrap_or_else(PoisonError::into_inner).becomes(&state, now, open);
        match watch.changed().await {
            Some(next) => state = next,
            None => return,
        }
    }
}

/// Takes a sample of each every second, and tells when.
pub(crate) async fn keep(apps: Vec<(PersistentHam, Arc<Record>)>, told: watch::Sender<i64>) {
    let mut next = Instant::now() + SECOND;
    loop {
        sleep_until(next).await;
        // A second that was missed has no sample.
        next = Instant::now().max(next) + SECOND;
        let t = Timestamp::now().as_millis();
        for (ham, record) in &apps {
            record.sample(t, ham.state().get().is_live());
        }
        told.send_replace(t);
    }
}

const SECOND: Duration = Duration::from_secs(1);
/// A quarter of an hour.
const MOST_SAMPLES: usize = 900;
