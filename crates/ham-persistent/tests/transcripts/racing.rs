//! A close that comes in the middle of something: whatever was announced ends, and nothing else does.

use std::sync::{Arc, OnceLock};

use futures_util::StreamExt;
use ham_persistent::{Connection, Connector, Event, Persistent, State};
use ham_testkit::scripted::{Attempt, LinkEnd, ScriptedConnector, ScriptedError, ScriptedLink, scripted};
use ham_testkit::transcript::Transcript;

use crate::setup::{Setup, pass, seconds};

/// When a [`Meddler`] closes its own handle.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    Address,
    Dialed,
    LinkLost,
}

/// Closes its own handle at one moment, and goes on as if it had not.
struct Meddler {
    scripted: ScriptedConnector,
    meddling: Meddling,
}

#[derive(Clone)]
struct Meddling {
    moment: Moment,
    handle: Arc<OnceLock<Persistent<Meddler>>>,
}

impl Meddling {
    fn meddle(&self, moment: Moment) {
        if moment == self.moment {
            drop(self.handle.get().expect("set before the task runs").close());
        }
    }
}

#[derive(Clone)]
struct MeddlingLink {
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
        let scripted = self.scripted.connect(address).await?;
        self.meddling.meddle(Moment::Dialed);
        Ok(MeddlingLink { scripted, meddling: self.meddling.clone() })
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

/// What the bus carries when the handle is closed at this moment, and whether a link is left open.
async fn closed_at(moment: Moment) -> (Vec<String>, usize) {
    let (connector, script) = scripted(&Transcript::new());
    script.push(Attempt::accepted());
    let meddling = Meddling { moment, handle: Arc::default() };
    let handle = Arc::clone(&meddling.handle);
    let persistent = Persistent::builder("peer", Meddler { scripted: connector, meddling }).spawn();
    handle.set(persistent.clone()).expect("set once");
    let bus = persistent.event_bus();
    pass(seconds(1)).await;
    if script.links() == 1 {
        script.link(1).lose("reset");
    }
    persistent.close_finished().await;
    (bus.map(|item| format!("{item:?}")).collect().await, script.open_links())
}

/// `Disconnected` was announced without a `Connected`: always, when a connector closed its own handle and returned a link.
#[tokio::test(start_paused = true)]
async fn a_link_that_was_not_announced_does_not_end() {
    let begun = ["AttemptingToConnect", "ObtainedAddress(\"a\")"].map(str::to_owned);
    assert_eq!(closed_at(Moment::Dialed).await, (begun.to_vec(), 0));
    assert_eq!(closed_at(Moment::Address).await, (begun[..1].to_vec(), 0));
}

/// The other way round: `Disconnected` was left out when close came between a link's end and its announcement.
#[tokio::test(start_paused = true)]
async fn a_link_that_was_announced_ends() {
    let (events, open) = closed_at(Moment::LinkLost).await;
    assert_eq!((events[2..].to_vec(), open), (vec!["Connected".to_owned(), "Disconnected".to_owned()], 0));
}

/// The callback of `Connected` was dropped, when the link was lost under it and no other was to be dialled.
#[tokio::test(start_paused = true)]
async fn disconnected_waits_for_the_callback_of_connected_though_no_link_follows() {
    // Asked for before the link is lost, and after.
    for before in [true, false] {
        let setup = Setup::new().dawdling(seconds(5));
        setup.script.push(Attempt::accepted());
        let (persistent, script, transcript) = setup.spawn();
        transcript.wait_for("Connected").await;
        if before {
            persistent.close_when_current_connection_is_closed();
            pass(seconds(1)).await;
        }
        script.link(1).lose("reset");
        pass(seconds(1)).await;
        if !before {
            persistent.close_when_current_connection_is_closed();
        }
        assert!(matches!(*persistent.state().borrow(), State::BackingOff { .. }));
        persistent.close_finished().await;
        let events = transcript.events();
        assert_eq!(events[events.len() - 3..], ["Connected", "Connected done", "Disconnected"], "{before}");
        let closed = persistent.connected().await.expect_err("closed").to_string();
        assert!(closed.starts_with("closed: link lost: "), "{closed}");
        pass(seconds(100)).await;
        assert_eq!(script.links(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_closes_at_connected_gets_both_events() {
    let Setup { builder, script, .. } = Setup::new();
    script.push(Attempt::accepted());
    let handle: Arc<OnceLock<crate::setup::Handle>> = Arc::default();
    let owned = Arc::clone(&handle);
    let persistent = builder
        .on_event(move |event| {
            if matches!(event, Event::Connected(_)) {
                drop(owned.get().expect("set before the task runs").close());
            }
            std::future::ready(())
        })
        .spawn();
    handle.set(persistent.clone()).expect("set once");
    let bus = persistent.event_bus();
    persistent.close_finished().await;
    let events: Vec<_> = bus.map(|item| format!("{item:?}")).collect().await;
    assert_eq!(events[2..], ["Connected", "Disconnected"]);
}
