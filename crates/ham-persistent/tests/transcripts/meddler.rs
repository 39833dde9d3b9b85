//! A connector that asks its own handle for something in the middle of its work.

use std::sync::{Arc, OnceLock};

use ham_persistent::{
    Config, Connection, Connector, PermanentPolicy, Persistent, Randomness, WeakPersistent,
};
use ham_testkit::scripted::{
    Attempt, LinkEnd, Script, ScriptedConnector, ScriptedError, ScriptedLink, scripted,
};
use ham_testkit::transcript::Transcript;

/// When a [`Meddler`] meddles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Moment {
    Address,
    Dialed,
    LinkLost,
}

/// Asks its own handle for something at one moment, mostly to close, and goes on as if it had not.
pub(crate) struct Meddler {
    scripted: ScriptedConnector,
    meddling: Meddling,
}

#[derive(Clone)]
struct Meddling {
    moment: Moment,
    asks: fn(&Persistent<Meddler>),
    handle: Arc<OnceLock<WeakPersistent<Meddler>>>,
}

impl Meddling {
    fn meddle(&self, moment: Moment) {
        if moment == self.moment {
            let handle = self.handle.get().expect("set before the task runs").upgrade();
            (self.asks)(&handle.expect("the test keeps it"));
        }
    }
}

pub(crate) fn close<C: Connector>(persistent: &Persistent<C>) {
    drop(persistent.close());
}

#[derive(Clone)]
pub(crate) struct MeddlingLink {
    scripted: ScriptedLink,
    meddling: Meddling,
}

impl Connector for Meddler {
    type Address = String;
    type Connection = MeddlingLink;
    type Error = ScriptedError;

    async fn address(&mut self) -> Result<String, ScriptedError> {
        let address = self.scripted.address().await;
        self.meddling.meddle(Moment::Address);
        address
    }

    async fn connect(&mut self, address: &String) -> Result<MeddlingLink, ScriptedError> {
        let dialed = self.scripted.connect(address).await;
        self.meddling.meddle(Moment::Dialed);
        Ok(MeddlingLink { scripted: dialed?, meddling: self.meddling.clone() })
    }
}

impl Connection for MeddlingLink {
    type Cause = LinkEnd;

    async fn closed(&self) -> LinkEnd {
        let end = self.scripted.closed().await;
        self.meddling.meddle(Moment::LinkLost);
        end
    }

    async fn close(&self) {
        self.scripted.close().await;
    }
}

/// A handle whose connector meddles in its first attempt.
pub(crate) fn meddled(
    attempt: Attempt,
    moment: Moment,
    asks: fn(&Persistent<Meddler>),
) -> (Persistent<Meddler>, Script) {
    let (connector, script) = scripted(&Transcript::new());
    script.push(attempt);
    let meddling = Meddling { moment, asks, handle: Arc::default() };
    let handle = Arc::clone(&meddling.handle);
    let persistent = Persistent::builder("peer", Meddler { scripted: connector, meddling })
        .config(Config::default().with_on_permanent(PermanentPolicy::Stop))
        .randomness(Randomness::NonRandom)
        .spawn();
    handle.set(persistent.downgrade()).expect("set once");
    (persistent, script)
}
