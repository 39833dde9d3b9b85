//! What clients of a gateway do, and what they are told.

use std::sync::Arc;
use std::time::Duration;

use ham::{CallOptions, Effect, Outcome as HamOutcome, PersistentHam};
use ham_gateway::outbox::{Followed, Following, Lost, Outbox, Stored, Submission, Submitted, catching_lost};
use ham_gateway::{KeyFate, OutcomeWord};
use holochain_zome_types::prelude::ExternIO;
use tokio::time::Instant;

use super::desk::{Desk, Kept};
use super::life::Asks;
use crate::event::{Call, Happened, Outcome, Told};
use crate::model::{APP, Output};
use crate::service::Called;
use crate::world::World;

/// A client of a process.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) task: u32,
    pub(super) ham: PersistentHam,
    pub(super) outbox: Outbox,
    pub(super) world: Arc<World>,
    pub(super) desk: Arc<Desk>,
}

impl Client {
    pub(super) async fn ask(&self, asks: Asks) {
        match asks {
            Asks::Submit { called, background, within } => {
                let kept = Kept { called, background, under_a_key: true, id: None, entered: false };
                self.desk.lock().push(kept);
                self.submit(kept, within).await;
            }
            Asks::Repeat { choice, within } => {
                if let Some(kept) = self.choose(choice, true) {
                    self.submit(kept, within).await;
                }
            }
            Asks::Cancel { choice } => {
                let Some(kept) = self.choose(choice, false) else { return };
                let Some(id) = kept.id else { return };
                self.world.words("client", format!("cancels call {}", kept.called.call));
                if let Ok(Some(mut following)) = self.outbox.cancel(id, Some(OWNER))
                    && let Followed::Settled(call) = following.until(Instant::now() + PATIENCE).await
                {
                    self.looked(kept.called.call, call.answer.as_ref());
                }
            }
            Asks::Direct { called, within } => self.call(called, within).await,
        }
    }

    fn choose(&self, choice: u64, under_a_key: bool) -> Option<Kept> {
        let kept: Vec<_> =
            self.desk.lock().iter().filter(|kept| kept.under_a_key || !under_a_key).copied().collect();
        (!kept.is_empty()).then(|| kept[choice as usize % kept.len()])
    }

    async fn submit(&self, kept: Kept, within: Duration) {
        let (called, background) = (kept.called, kept.background);
        self.world.note(Happened::Asked { task: self.task, call: called.call, does: called.does });
        let Ok(payload) = ExternIO::encode(called.input()) else { return };
        let submission = Submission {
            api_key: OWNER.into(),
            key: format!("k{}", called.call),
            app: APP.into(),
            role: called.role.into(),
            zome: called.zome().into(),
            function: called.function().into(),
            read_only: false,
            retry_chain_moved: false,
            payload: payload.0,
            deliver_within: within,
            in_background: background,
        };
        let mut following = match self.outbox.submit(submission).await {
            Ok(Submitted::New(following)) => following,
            Ok(Submitted::Joined(following)) => {
                self.world.words("client", format!("joins call {}", called.call));
                following
            }
            Ok(Submitted::Replayed(call)) => {
                self.world.words("client", format!("call {} is answered again", called.call));
                if let Some(answer) = &call.answer {
                    self.told(called.call, answer);
                }
                return;
            }
            Err(error) => {
                self.world.words("client", format!("call {} is not taken: {error}", called.call));
                return;
            }
        };
        // Like the gateway: nobody is told that a call is accepted before it is on disk.
        if background {
            if following.on_disk().await.is_err() {
                return;
            }
            self.world.note(Happened::Entered { task: self.task, call: called.call });
        }
        self.desk.name(called.call, following.id(), background);
        // A call without an answer by now can be followed.
        if self.followed(called.call, &mut following, within.min(PATIENCE) + GRACE).await
            && !matches!(self.outbox.get(following.id(), Some(OWNER)), Ok(Some(_)) | Err(_))
        {
            self.world.broken("G6", format!("call {} is open, and nobody knows of it", called.call));
        }
    }

    async fn call(&self, called: Called, within: Duration) {
        let kept = Kept { called, background: false, under_a_key: false, id: None, entered: false };
        self.desk.lock().push(kept);
        self.world.note(Happened::Asked { task: self.task, call: called.call, does: called.does });
        let Ok(payload) = ExternIO::encode(called.input()) else { return };
        let options = CallOptions::default().with_deadline(within);
        let call = self.ham.call_zome_raw(called.role, called.zome(), called.function(), payload, options);
        let (result, lost) = catching_lost(call).await;
        let error = match result {
            Ok(output) => {
                self.told(called.call, &Stored::Output(output.0.into()));
                return;
            }
            Err(error) => error,
        };
        let Some(signed) = lost.filter(|_| error.outcome() == HamOutcome::Unknown) else {
            if error.outcome() != HamOutcome::Unknown {
                self.told(called.call, &Stored::of(&error));
            }
            return;
        };
        let lost = Lost { api_key: OWNER.into(), app: APP.into(), role: called.role.into(), signed };
        if let Ok(mut following) = self.outbox.adopt(lost).await {
            self.desk.name(called.call, following.id(), true);
            self.world.note(Happened::Entered { task: self.task, call: called.call });
            self.followed(called.call, &mut following, within).await;
        }
    }

    /// Returns whether the call is still open after that.
    async fn followed(&self, call: Call, following: &mut Following, within: Duration) -> bool {
        match following.until(Instant::now() + within).await {
            Followed::Settled(settled) => {
                if let Some(answer) = &settled.answer {
                    self.told(call, answer);
                }
            }
            Followed::Open => {
                self.world.words("client", format!("call {call} is open"));
                return true;
            }
            Followed::Refused(why) => self.world.words("client", format!("call {call} is not taken: {why}")),
        }
        false
    }

    /// Looks up every call that has an id: it is known and settled if someone was told that it is on disk.
    pub(super) async fn look_at_all(&self) {
        let all = self.desk.lock().clone();
        for kept in all {
            let Some(id) = kept.id else { continue };
            match self.outbox.get(id, Some(OWNER)) {
                Ok(Some(call)) if call.answer.is_some() => {
                    self.looked(kept.called.call, call.answer.as_ref());
                }
                Ok(Some(_)) => self.world.broken("G8", format!("call {} is not settled", kept.called.call)),
                Ok(None) if kept.entered => {
                    self.world.broken("G6", format!("call {} was accepted and is gone", kept.called.call));
                }
                Ok(None) => {}
                Err(error) => self.world.broken("G6", error.to_string()),
            }
        }
    }

    /// What looking up a call's id shows. A call that gave its key back may have been made again since, under its key and another id:
    /// this is not about that one.
    fn looked(&self, call: Call, answer: Option<&Stored>) {
        if let Some(answer) = answer.filter(|answer| answer.key() != KeyFate::Released) {
            self.told(call, answer);
        }
    }

    fn told(&self, call: Call, answer: &Stored) {
        let (error, nothing) = match answer {
            Stored::Output(_) | Stored::NotKept => (None, false),
            Stored::Problem { told, .. } => (Some(told.kind.name()), told.effect == Effect::Nothing),
        };
        let output = match answer {
            Stored::Output(output) => rmp_serde::from_slice::<Output>(output).ok(),
            _ => None,
        };
        let nonce = output.and_then(|output| output.nonce.as_slice().try_into().ok());
        let told = Told {
            call,
            outcome: match answer.outcome() {
                OutcomeWord::NotRun => Outcome::NotRun,
                OutcomeWord::Unknown => Outcome::Unknown,
                OutcomeWord::Arrived => Outcome::Arrived,
                OutcomeWord::Answered => Outcome::Answered,
            },
            of: None,
            nothing,
            error,
            answer: nonce.map(|nonce| self.world.nonce(&nonce)),
        };
        // What is said while the disk fails is true, but not kept yet.
        let kept = answer.key() == KeyFate::Kept && self.outbox.away().is_none();
        self.world.note(Happened::Told { task: self.task, told });
        if kept {
            self.world.note(Happened::KeyKept { call });
        }
    }
}

/// The owner of these calls.
const OWNER: &str = "client";
/// The same as the gateway's own.
const GRACE: Duration = Duration::from_millis(250);
/// The longest that a client waits.
const PATIENCE: Duration = Duration::from_secs(300);
