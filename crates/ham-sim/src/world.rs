//! What everyone who takes part in a life of `ham` shares.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::dice::{Dice, Stream};
use crate::event::{Happened, Nonce};
use crate::history::Recorder;
use crate::swarm::{Rate, Swarm};

/// What everyone shares.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) swarm: Swarm,
    pub(crate) recorder: Recorder<Happened>,
    /// Whether signatures are verified.
    pub(crate) verifies: bool,
    /// Set when the world heals: no fault from then on.
    healed: AtomicBool,
    nonces: Mutex<HashMap<[u8; 32], Nonce>>,
    /// Calls, by their nonces, that the conductor has read.
    received: Mutex<BTreeSet<Nonce>>,
    /// The forms in which the life's secrets can appear in a text.
    secrets: Mutex<Vec<String>>,
    counts: [AtomicU64; 9],
}

/// What is counted through a life.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Count {
    Dials,
    Sockets,
    Admin,
    Boots,
    Names,
    Answers,
    Tokens,
    Visits,
    Signals,
}

impl World {
    pub(crate) fn new(dice: Dice, swarm: Swarm, recorder: Recorder<Happened>) -> Arc<Self> {
        let verifies = dice.stream("verifies", 0).one_in(32);
        Arc::new(Self {
            verifies,
            dice,
            swarm,
            recorder,
            healed: AtomicBool::new(false),
            nonces: Mutex::default(),
            received: Mutex::default(),
            secrets: Mutex::default(),
            counts: Default::default(),
        })
    }

    pub(crate) fn note(&self, happened: Happened) {
        self.recorder.note(happened);
    }

    pub(crate) fn words(&self, actor: &'static str, words: impl Into<String>) {
        self.note(Happened::Words(actor, words.into()));
    }

    pub(crate) fn broken(&self, invariant: &'static str, why: impl Into<String>) {
        self.note(Happened::Broken { invariant, why: why.into() });
    }

    /// Reports what took longer than allowed.
    pub(crate) fn late(&self, what: &'static str, began: Instant, bound: Duration) {
        let over = began.elapsed().saturating_sub(bound);
        if over > GRACE {
            let by_millis = u64::try_from(over.as_millis()).unwrap_or(u64::MAX);
            self.note(Happened::Late { what, by_millis });
        }
    }

    pub(crate) fn stream(&self, kind: &str, count: u64) -> Stream {
        self.dice.stream(kind, count)
    }

    /// The next number of a kind.
    pub(crate) fn next(&self, count: Count) -> u64 {
        self.counts[count as usize].fetch_add(1, Ordering::Relaxed)
    }

    /// No fault from here on.
    pub(crate) fn heal(&self) {
        self.healed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_healed(&self) -> bool {
        self.healed.load(Ordering::Relaxed)
    }

    /// Whether a fault happens now.
    pub(crate) fn strikes(&self, rate: Rate, dice: &mut Stream) -> bool {
        rate.hits(dice) && !self.is_healed()
    }

    /// The conductor has read a call.
    pub(crate) fn receive(&self, nonce: Nonce) {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).insert(nonce);
    }

    pub(crate) fn has_received(&self, nonce: Nonce) -> bool {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).contains(&nonce)
    }

    /// Remembers a secret, which must not appear in any text.
    pub(crate) fn hide(&self, secret: &[u8]) {
        let list = format!("{:?}", &secret[..secret.len().min(12)]);
        let hex = secret.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.extend([list.trim_matches(['[', ']']).to_owned(), hex]);
    }

    /// Looks for the life's secrets in a text.
    pub(crate) fn look_for_secrets(&self, text: &str) {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        if secrets.iter().any(|secret| text.contains(secret)) {
            drop(secrets);
            self.broken("I21", "a secret stands in a text");
        }
    }

    /// The number of a nonce.
    pub(crate) fn nonce(&self, nonce: &[u8; 32]) -> Nonce {
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        let next = Nonce::try_from(nonces.len()).unwrap_or(Nonce::MAX);
        *nonces.entry(*nonce).or_insert(next)
    }
}

/// What a timer of a millisecond and a few turns of the runtime may add to any bound.
const GRACE: Duration = Duration::from_millis(10);
