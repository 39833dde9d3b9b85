//! What is to happen in a life, and when the awaited moments come.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::event::Happened;
use super::life::{Attempt, Callback, LinkPlan, OwnClose, PersistentLife, Trigger};
use crate::history::Recorder;

/// The script of a life, and how far it has come. Clones share the same script.
#[derive(Clone)]
pub(super) struct Script {
    recorder: Recorder<Happened>,
    pub(super) life: Arc<PersistentLife>,
    progress: Arc<Mutex<Progress>>,
}

#[derive(Default)]
struct Progress {
    healed: bool,
    published: u64,
    numbers: u64,
    waiting: Vec<(Trigger, oneshot::Sender<()>)>,
    reached: Vec<Trigger>,
}

impl Script {
    pub(super) fn new(life: PersistentLife, recorder: Recorder<Happened>) -> Self {
        Self { recorder, life: Arc::new(life), progress: Arc::default() }
    }

    pub(super) fn note(&self, event: Happened) {
        self.recorder.note(event);
    }

    /// A number that nothing else has, for a waiter or a subscriber.
    pub(super) fn number(&self) -> u64 {
        let mut progress = self.progress();
        progress.numbers += 1;
        progress.numbers
    }

    pub(super) fn heal(&self) {
        self.progress().healed = true;
        self.note(Happened::Healed);
    }

    pub(super) fn attempt(&self, nth: u64) -> Attempt {
        let scripted = self.life.attempts.iter().find(|attempt| attempt.what.nth == nth);
        match scripted {
            Some(attempt) if !self.progress().healed => attempt.what,
            Some(_) | None => ORDINARY,
        }
    }

    pub(super) fn callback(&self, nth: u64) -> Option<Callback> {
        let scripted = self.life.callbacks.iter().find(|callback| callback.what.nth == nth)?.what;
        (!self.progress().healed).then_some(scripted)
    }

    pub(super) fn next_event(&self) -> u64 {
        let mut progress = self.progress();
        progress.published += 1;
        progress.published
    }

    /// A moment has come: its waiters go on, in the order in which they came.
    pub(super) fn reach(&self, moment: Trigger) {
        let mut progress = self.progress();
        progress.reached.push(moment);
        let waiting = std::mem::take(&mut progress.waiting);
        for (trigger, waiter) in waiting {
            if trigger == moment {
                let _ = waiter.send(());
            } else {
                progress.waiting.push((trigger, waiter));
            }
        }
    }

    /// Resolves when the moment has come, or with `false` when it will not.
    pub(super) async fn moment(&self, moment: Trigger) -> bool {
        let waiter = {
            let mut progress = self.progress();
            if moment == Trigger::Start || progress.reached.contains(&moment) {
                return true;
            }
            if progress.healed {
                return false;
            }
            let (sender, waiter) = oneshot::channel();
            progress.waiting.push((moment, sender));
            waiter
        };
        waiter.await.is_ok()
    }

    /// Ends all waiting for moments.
    pub(super) fn call_off(&self) {
        self.progress().waiting.clear();
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an attempt does that is not an element of the life.
const ORDINARY: Attempt = Attempt {
    nth: 0,
    address: Ok(0),
    address_takes: Duration::ZERO,
    dial_takes: Duration::ZERO,
    yields: 0,
    dial: Ok(LinkPlan { lives: None, close_takes: Duration::ZERO }),
    closes: OwnClose::No,
};
