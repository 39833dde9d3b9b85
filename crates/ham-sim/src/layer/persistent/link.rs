//! The links of a life.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ham_persistent::Connection;
use tokio::sync::watch;

use super::event::Happened;
use super::life::LinkPlan;
use super::script::Script;
use crate::time::{pause, spawn};

/// All links of a life, counted from 1. Clones are the same ones.
#[derive(Clone, Default)]
pub(super) struct Links(Arc<Mutex<Vec<SimLink>>>);

impl Links {
    pub(super) fn add(&self, plan: LinkPlan, script: &Script) -> SimLink {
        let mut links = self.lock();
        let number = links.len() as u64 + 1;
        let ended = Arc::new(watch::Sender::new(false));
        let link = SimLink { number, plan, ended, script: script.clone() };
        links.push(link.clone());
        link
    }

    pub(super) fn last(&self) -> Option<SimLink> {
        self.lock().last().cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<SimLink>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A link of the life.
#[derive(Clone)]
pub(super) struct SimLink {
    pub(super) number: u64,
    plan: LinkPlan,
    ended: Arc<watch::Sender<bool>>,
    script: Script,
}

impl SimLink {
    /// Lives for as long as it is meant to.
    pub(super) fn begin(&self) {
        match self.plan.lives {
            None => {}
            Some(Duration::ZERO) => self.lose(),
            Some(lives) => {
                let link = self.clone();
                spawn(async move {
                    tokio::select! {
                        // The end first: a link that is closed is not lost.
                        biased;
                        () = link.over() => {}
                        () = pause(lives) => link.lose(),
                    }
                });
            }
        }
    }

    /// Ends as if the peer had ended it.
    pub(super) fn lose(&self) {
        if !self.ended.send_replace(true) {
            self.script.note(Happened::LinkLost { link: self.number });
        }
    }

    async fn over(&self) {
        // The sender is owned by this very link.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }
}

impl Connection for SimLink {
    type Cause = String;

    async fn closed(&self) -> String {
        self.over().await;
        format!("link {} ended", self.number)
    }

    async fn close(&self) {
        self.script.note(Happened::CloseBegan { link: self.number });
        if !self.plan.close_takes.is_zero() {
            pause(self.plan.close_takes).await;
        }
        self.ended.send_replace(true);
        self.script.note(Happened::CloseEnded { link: self.number });
    }
}

impl fmt::Debug for SimLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimLink").field("number", &self.number).finish_non_exhaustive()
    }
}
