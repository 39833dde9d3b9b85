//! The connector of a life, and its links.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ham_persistent::{ConnectError, Connection, Connector, Permanence};
use tokio::sync::watch;

use super::event::{By, Call, Happened};
use super::life::{Attempt, LinkPlan, OwnClose, Refusal, Trigger};
use super::stage::Stage;
use crate::time::{pause, spawn, yields};

/// Does what the life says.
pub(super) struct SimConnector {
    stage: Stage,
    attempt: u64,
}

impl SimConnector {
    pub(super) fn new(stage: Stage) -> Self {
        Self { stage, attempt: 0 }
    }

    fn close_at(&self, script: &Attempt, when: OwnClose) {
        if script.closes == when {
            self.stage.call(By::Connector, Call::Close);
        }
    }

    fn end(&self, guard: Guard, event: Happened) {
        guard.over();
        self.stage.note(event);
        self.stage.reach(Trigger::Ended(self.attempt));
    }
}

impl Connector for SimConnector {
    type Address = u8;
    type Connection = SimLink;
    type Error = Refused;

    async fn address(&mut self) -> Result<u8, Refused> {
        self.attempt += 1;
        let attempt = self.attempt;
        let script = self.stage.attempt(attempt);
        let guard = Guard::new(&self.stage, attempt);
        self.stage.note(Happened::Asked { attempt });
        self.stage.reach(Trigger::Asked(attempt));
        self.close_at(&script, OwnClose::WhenAsked);
        if !script.address_takes.is_zero() {
            pause(script.address_takes).await;
        }
        match script.address {
            Ok(_) => {
                guard.over();
                self.stage.note(Happened::Address { attempt, place: script.address });
            }
            Err(_) => self.end(guard, Happened::Address { attempt, place: script.address }),
        }
        script.address.map_err(Refused)
    }

    async fn connect(&mut self, _: &u8) -> Result<SimLink, Refused> {
        let attempt = self.attempt;
        let script = self.stage.attempt(attempt);
        let guard = Guard::new(&self.stage, attempt);
        self.stage.note(Happened::Dialing { attempt });
        self.stage.reach(Trigger::Dialing(attempt));
        self.close_at(&script, OwnClose::WhenDialing);
        if !script.dial_takes.is_zero() {
            pause(script.dial_takes).await;
        }
        yields(script.yields).await;
        self.close_at(&script, OwnClose::BeforeItsEnd);
        let dialed = match script.dial {
            Ok(plan) => Ok(self.stage.add_link(|number| SimLink::new(number, plan, &self.stage))),
            Err(refusal) => Err(refusal),
        };
        let link = dialed.as_ref().map(|link| link.number).map_err(|refusal| *refusal);
        self.end(guard, Happened::Dialed { attempt, link });
        if let Ok(link) = &dialed {
            link.begin();
        }
        dialed.map_err(Refused)
    }
}

/// Notes an attempt that is dropped before its end.
struct Guard {
    stage: Option<Stage>,
    attempt: u64,
}

impl Guard {
    fn new(stage: &Stage, attempt: u64) -> Self {
        Self { stage: Some(stage.clone()), attempt }
    }

    fn over(mut self) {
        self.stage = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(stage) = &self.stage {
            stage.note(Happened::Abandoned { attempt: self.attempt });
        }
    }
}

/// A link of the life.
#[derive(Clone)]
pub(super) struct SimLink {
    pub(super) number: u64,
    plan: LinkPlan,
    ended: Arc<watch::Sender<bool>>,
    stage: Stage,
}

impl SimLink {
    fn new(number: u64, plan: LinkPlan, stage: &Stage) -> Self {
        Self { number, plan, ended: Arc::new(watch::Sender::new(false)), stage: stage.clone() }
    }

    /// Lives for as long as it is meant to.
    fn begin(&self) {
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
            self.stage.note(Happened::LinkLost { link: self.number });
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
        self.stage.note(Happened::CloseBegan { link: self.number });
        if !self.plan.close_takes.is_zero() {
            pause(self.plan.close_takes).await;
        }
        self.ended.send_replace(true);
        self.stage.note(Happened::CloseEnded { link: self.number });
    }
}

impl fmt::Debug for SimLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimLink").field("number", &self.number).finish_non_exhaustive()
    }
}

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused(pub(super) Refusal);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refused {}

impl ConnectError for Refused {
    fn permanence(&self) -> Permanence {
        self.0.permanence()
    }
}
