//! The connector of a life, and the engine that it belongs to.

use std::fmt;
use std::sync::{Arc, OnceLock};

use ham_persistent::{ConnectError, Connector, Permanence, Persistent, WeakPersistent};

use super::event::{Call, Caller, Happened};
use super::life::{Attempt, OwnClose, Refusal, Trigger};
use super::link::{Links, SimLink};
use super::script::Script;
use crate::time::{pause, yields};

/// Does what the life says.
pub(super) struct SimConnector {
    script: Script,
    engine: Engine,
    links: Links,
    attempt: u64,
}

impl SimConnector {
    pub(super) fn new(script: Script, engine: Engine, links: Links) -> Self {
        Self { script, engine, links, attempt: 0 }
    }

    fn close_at(&self, scripted: &Attempt, when: OwnClose) {
        if scripted.closes == when {
            self.engine.call(Caller::Connector, Call::Close);
        }
    }

    fn end(&self, guard: Guard, event: Happened) {
        guard.over();
        self.script.note(event);
        self.script.reach(Trigger::Ended(self.attempt));
    }
}

impl Connector for SimConnector {
    type Address = u8;
    type Connection = SimLink;
    type Error = Refused;

    async fn address(&mut self) -> Result<u8, Refused> {
        self.attempt += 1;
        let attempt = self.attempt;
        let scripted = self.script.attempt(attempt);
        let guard = Guard::new(&self.script, attempt);
        self.script.note(Happened::Asked { attempt });
        self.script.reach(Trigger::Asked(attempt));
        self.close_at(&scripted, OwnClose::WhenAsked);
        if !scripted.address_takes.is_zero() {
            pause(scripted.address_takes).await;
        }
        match scripted.address {
            Ok(_) => {
                guard.over();
                self.script.note(Happened::Address { attempt, place: scripted.address });
            }
            Err(_) => self.end(guard, Happened::Address { attempt, place: scripted.address }),
        }
        scripted.address.map_err(Refused)
    }

    async fn connect(&mut self, _: &u8) -> Result<SimLink, Refused> {
        let attempt = self.attempt;
        let scripted = self.script.attempt(attempt);
        let guard = Guard::new(&self.script, attempt);
        self.script.note(Happened::Dialing { attempt });
        self.script.reach(Trigger::Dialing(attempt));
        self.close_at(&scripted, OwnClose::WhenDialing);
        if !scripted.dial_takes.is_zero() {
            pause(scripted.dial_takes).await;
        }
        yields(scripted.yields).await;
        self.close_at(&scripted, OwnClose::BeforeItsEnd);
        let dialed = match scripted.dial {
            Ok(plan) => Ok(self.links.add(plan, &self.script)),
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
    script: Option<Script>,
    attempt: u64,
}

impl Guard {
    fn new(script: &Script, attempt: u64) -> Self {
        Self { script: Some(script.clone()), attempt }
    }

    fn over(mut self) {
        self.script = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(script) = &self.script {
            script.note(Happened::Abandoned { attempt: self.attempt });
        }
    }
}

/// The engine, for those who must not keep it open: its connector and its callbacks. Clones refer to the same engine.
#[derive(Clone)]
pub(super) struct Engine {
    script: Script,
    handle: Arc<OnceLock<WeakPersistent<SimConnector>>>,
}

impl Engine {
    pub(super) fn new(script: Script) -> Self {
        Self { script, handle: Arc::default() }
    }

    /// Notes the first handle.
    pub(super) fn is_there(&self, handle: &Persistent<SimConnector>) {
        let _ = self.handle.set(handle.downgrade());
    }

    /// A handle for a call that takes no time; `None` before there is one, and after the last one is gone.
    pub(super) fn handle(&self) -> Option<Persistent<SimConnector>> {
        self.handle.get()?.upgrade()
    }

    /// Calls something; does nothing if there is no handle any more.
    pub(super) fn call(&self, by: Caller, call: Call) {
        let Some(handle) = self.handle() else { return };
        self.script.note(Happened::Called { by, call });
        match call {
            Call::Close => drop(handle.close()),
            Call::CloseAfterLink => handle.close_when_current_connection_is_closed(),
            Call::Redial => handle.redial_now(),
        }
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
