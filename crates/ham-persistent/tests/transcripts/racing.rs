//! A close that comes in the middle of something: whatever was announced ends, and nothing else does.

use std::sync::{Arc, OnceLock};

use futures_util::StreamExt;
use ham_persistent::{Cause, Event, Persistent, State};
use ham_testkit::scripted::{Attempt, Gate};
use tokio::time::Instant;

use crate::meddler::{Meddler, Moment, close, meddled};
use crate::setup::{Setup, pass, seconds};

/// What the bus carries when the handle is closed at this moment, and whether a link is left open.
async fn closed_at(moment: Moment) -> (Vec<String>, usize) {
    let (persistent, script) = meddled(Attempt::accepted(), moment, close);
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

/// A failure that came after close was asked for was announced, and the state named it as the cause, while every call that
/// waited was told another one.
#[tokio::test(start_paused = true)]
async fn what_an_activity_comes_to_after_close_is_neither_the_cause_nor_announced() {
    let without_link: fn(&Persistent<Meddler>) = Persistent::close_when_current_connection_is_closed;
    for attempt in [Attempt::refused_for_good("wrong"), Attempt::refused("down")] {
        for asks in [close, without_link] {
            let (persistent, _script) = meddled(attempt.clone(), Moment::Dialed, asks);
            let bus = persistent.event_bus();
            let told = persistent.connected_or_failed_to_connect().await.err().expect("closed");
            assert_eq!(told.to_string(), "closed: close was called", "{attempt:?}");
            persistent.close_finished().await;
            let state = persistent.state().borrow().clone();
            assert_eq!(state, State::Closed { cause: Cause::CloseCalled }, "{attempt:?}");
            let events: Vec<_> = bus.map(|item| format!("{item:?}")).collect().await;
            assert_eq!(events, ["AttemptingToConnect", "ObtainedAddress(\"a\")"], "{attempt:?}");
        }
    }
}

/// The same with a link that was to be the last one: its end was the cause for the state, and the close for the others.
#[tokio::test(start_paused = true)]
async fn a_callback_that_closes_after_the_last_link_is_the_cause() {
    let Setup { builder, script, .. } = Setup::new();
    script.push(Attempt::accepted());
    let handle: Arc<OnceLock<crate::setup::Handle>> = Arc::default();
    let owned = Arc::clone(&handle);
    let persistent = builder
        .on_event(move |event| {
            let connected = matches!(event, Event::Connected(_));
            let handle = owned.get().expect("set before the task runs").clone();
            async move {
                if connected {
                    pass(seconds(5)).await;
                    close(&handle);
                }
            }
        })
        .spawn();
    handle.set(persistent.clone()).expect("set once");
    persistent.connected().await.expect("nobody closes it yet");
    persistent.close_when_current_connection_is_closed();
    script.link(1).lose("reset");
    persistent.close_finished().await;
    let cause = persistent.connected().await.expect_err("closed").cause;
    assert_eq!(cause, Cause::CloseCalled);
    assert_eq!(*persistent.state().borrow(), State::Closed { cause });
}

/// The next attempt was announced, and its callback dropped.
#[tokio::test(start_paused = true)]
async fn a_callback_that_wants_no_other_link_gets_no_announcement_of_one() {
    let Setup { builder, script, .. } = Setup::new();
    script.otherwise(Attempt::accepted());
    let handle: Arc<OnceLock<crate::setup::Handle>> = Arc::default();
    let owned = Arc::clone(&handle);
    let persistent = builder
        .on_event(move |event| {
            let lost = matches!(event, Event::Disconnected);
            let handle = owned.get().expect("set before the task runs").clone();
            async move {
                if lost {
                    handle.close_when_current_connection_is_closed();
                }
            }
        })
        .spawn();
    handle.set(persistent.clone()).expect("set once");
    let bus = persistent.event_bus();
    pass(seconds(60)).await;
    script.link(1).lose("reset");
    persistent.close_finished().await;
    let events: Vec<_> = bus.map(|item| format!("{item:?}")).collect().await;
    assert_eq!(events[2..], ["Connected", "Disconnected"]);
}

/// The link was dropped, not closed.
#[tokio::test(start_paused = true)]
async fn a_dial_that_completes_as_the_last_link_is_waived_is_closed() {
    let setup = Setup::new();
    let gate = Gate::new();
    setup.script.push(Attempt::gated(&gate));
    let (persistent, script, transcript) = setup.spawn();
    pass(seconds(1)).await;
    // Both before the driver runs again.
    gate.open();
    persistent.close_when_current_connection_is_closed();
    persistent.close_finished().await;
    assert_eq!((script.links(), script.open_links()), (1, 0), "{transcript:?}");
}

/// It shortened the wait that followed, if the attempt failed in the same moment.
#[tokio::test(start_paused = true)]
async fn a_redial_asked_for_during_an_attempt_does_nothing() {
    let (persistent, _script) = meddled(Attempt::refused("down"), Moment::Dialed, Persistent::redial_now);
    pass(seconds(1)).await;
    let state = persistent.state().borrow().clone();
    let State::BackingOff { until, .. } = state else { panic!("{state:?}") };
    assert_eq!(until, Instant::now() + seconds(9));
}
