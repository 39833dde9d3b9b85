//! Closing wins against everything and leaves nothing behind.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::FutureExt;
use ham_persistent::{Cause, Event, State};
use ham_testkit::scripted::{Attempt, Gate};
use tokio::time::Instant;

use crate::setup::{Handle, Setup, all, pass, seconds, settle};

#[tokio::test(start_paused = true)]
async fn close_ends_the_link_and_attempts_no_other() {
    let setup = Setup::new().noting();
    setup.script.push(Attempt::accepted().closing_in(seconds(2)));
    let (persistent, script, transcript) = setup.spawn();
    persistent.connected().await.expect("nobody closes it");
    settle().await;
    let began = Instant::now();
    let closing = persistent.close();
    assert!(persistent.is_closed(), "at once, before anybody waits");
    assert_eq!(persistent.current_connection(), None);
    closing.await;
    assert_eq!(began.elapsed(), seconds(2), "resolves when the link's resources are released");
    assert_eq!(script.open_links(), 0);
    pass(seconds(100)).await;
    assert_eq!(
        transcript.events()[4..],
        ["link 1 up", "Connected", "link 1 close", "link 1 closed", "Disconnected"]
    );
}

#[tokio::test(start_paused = true)]
async fn close_finished_waits_without_closing() {
    let setup = Setup::new();
    setup.script.push(Attempt::accepted().closing_in(seconds(2)));
    let (persistent, _script, _transcript) = setup.spawn();
    persistent.connected().await.expect("nobody closes it");
    let mut finished = Box::pin(persistent.close_finished());
    pass(seconds(50)).await;
    assert!((&mut finished).now_or_never().is_none());
    assert!(!persistent.is_closed());
    let began = Instant::now();
    let (first, second) = (persistent.close(), persistent.close());
    finished.await;
    assert_eq!(began.elapsed(), seconds(2));
    assert!(first.now_or_never().is_some() && second.now_or_never().is_some(), "all at the same time");
}

/// Closes in each situation in turn; each closes at once.
#[tokio::test(start_paused = true)]
async fn close_wins_against_every_wait() {
    type Situation = (&'static str, Attempt, Option<Duration>, Duration);
    let situations: [Situation; 7] = [
        ("before anything has begun", Attempt::accepted(), None, Duration::ZERO),
        ("in the callback of AttemptingToConnect", Attempt::accepted(), Some(seconds(9)), seconds(1)),
        ("in the callback of ObtainedAddress", Attempt::accepted(), Some(seconds(9)), seconds(10)),
        ("in the callback of FailedToConnect", Attempt::refused("no"), Some(seconds(9)), seconds(19)),
        ("in the callback of Connected", Attempt::accepted(), Some(seconds(9)), seconds(19)),
        ("while dialling", Attempt::hanging(), None, seconds(1)),
        ("while backing off", Attempt::refused("no"), None, seconds(1)),
    ];
    for (situation, attempt, dawdle, after) in situations {
        let mut setup = Setup::new();
        if let Some(takes) = dawdle {
            setup = setup.dawdling(takes);
        }
        setup.script.push(attempt);
        let (persistent, script, transcript) = setup.spawn();
        if !after.is_zero() {
            pass(after).await;
        }
        let began = Instant::now();
        persistent.close().await;
        assert_eq!(began.elapsed(), Duration::ZERO, "{situation}");
        assert_eq!(*persistent.state().borrow(), State::Closed { cause: Cause::CloseCalled }, "{situation}");
        assert_eq!(script.open_links(), 0, "{situation}");
        let lines = transcript.lines().len();
        pass(seconds(100)).await;
        assert_eq!(transcript.lines().len(), lines, "{situation}: {transcript:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn closing_before_anything_has_begun_dials_nothing() {
    let setup = Setup::new().noting();
    setup.script.push(Attempt::accepted());
    let (persistent, _script, transcript) = setup.spawn();
    let bus = persistent.event_bus();
    persistent.close().await;
    transcript.assert(&[]);
    assert!(all(bus).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn close_abandons_the_dial() {
    let (persistent, _script, transcript) = Setup::new().spawn();
    pass(seconds(1)).await;
    persistent.close().await;
    transcript.assert(&["0.000 address", "0.000 dial a", "1.000 dial abandoned"]);
}

#[tokio::test(start_paused = true)]
async fn a_dial_that_completes_in_the_moment_of_close_is_closed_and_never_announced() {
    let setup = Setup::new().noting();
    let gate = Gate::new();
    setup.script.push(Attempt::gated(&gate));
    let (persistent, script, transcript) = setup.spawn();
    pass(seconds(1)).await;
    // Both before the driver runs again.
    gate.open();
    persistent.close().await;
    assert_eq!(script.open_links(), 0);
    assert_eq!(transcript.lines()[4..], ["1.000 link 1 up", "1.000 link 1 close", "1.000 link 1 closed"]);
    assert!(persistent.connected().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_closes_and_returns_lets_no_dial_begin() {
    let Setup { builder, script, transcript } = Setup::new();
    script.push(Attempt::accepted());
    let handle: Arc<OnceLock<Handle>> = Arc::default();
    let owned = Arc::clone(&handle);
    let persistent = builder
        .on_event(move |event| {
            if matches!(event, Event::ObtainedAddress(_)) {
                drop(owned.get().expect("set before the task runs").close());
            }
            std::future::ready(())
        })
        .spawn();
    handle.set(persistent.clone()).expect("set once");
    persistent.close_finished().await;
    transcript.assert(&["0.000 address"]);
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_is_cut_off_still_gets_its_disconnected() {
    let setup = Setup::new().dawdling(seconds(5));
    setup.script.push(Attempt::accepted());
    let (persistent, _script, transcript) = setup.spawn();
    transcript.wait_for("Connected").await;
    let bus = persistent.event_bus();
    persistent.close().await;
    assert_eq!(all(bus).await, ["Connected", "Disconnected"]);
    let lines = transcript.lines();
    assert_eq!(
        lines[lines.len() - 3..],
        ["10.000 link 1 close", "10.000 link 1 closed", "10.000 Disconnected"]
    );
}

#[tokio::test(start_paused = true)]
async fn close_when_the_link_is_closed_keeps_a_link_and_dials_no_other() {
    let setup = Setup::new().noting();
    setup.script.otherwise(Attempt::accepted());
    let (persistent, script, transcript) = setup.spawn();
    let bus = persistent.event_bus();
    persistent.connected().await.expect("nobody closes it");
    persistent.close_when_current_connection_is_closed();
    pass(seconds(60)).await;
    assert!(!persistent.is_closed());
    assert!(script.link(1).is_open(), "it does not close an active link");
    script.link(1).lose("peer closed");
    persistent.close_finished().await;
    assert!(persistent.is_closed());
    let lost = Cause::LinkLost { text: "peer closed".into() };
    assert_eq!(*persistent.state().borrow(), State::Closed { cause: lost });
    pass(seconds(100)).await;
    assert_eq!(script.links(), 1);
    assert!(!transcript.events().contains(&"link 1 close".to_owned()));
    assert_eq!(all(bus).await.last().map(String::as_str), Some("Disconnected"));
}

#[tokio::test(start_paused = true)]
async fn close_when_the_link_is_closed_closes_now_without_a_link() {
    for attempt in [Attempt::hanging(), Attempt::refused("refused")] {
        let setup = Setup::new();
        setup.script.otherwise(attempt);
        let (persistent, _script, _transcript) = setup.spawn();
        pass(seconds(1)).await;
        persistent.close_when_current_connection_is_closed();
        persistent.close_finished().await;
        assert_eq!(*persistent.state().borrow(), State::Closed { cause: Cause::CloseCalled });
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_closes() {
    let setup = Setup::new();
    setup.script.push(Attempt::accepted());
    let (persistent, script, transcript) = setup.spawn();
    let other = persistent.clone();
    let weak = persistent.downgrade();
    persistent.connected().await.expect("nobody closes it");
    let (state, bus) = (persistent.state(), persistent.event_bus());
    drop(persistent);
    pass(seconds(1)).await;
    assert!(script.link(1).is_open(), "another handle is left");
    assert!(weak.upgrade().is_some());
    drop(other);
    transcript.wait_for("link 1 closed").await;
    settle().await;
    assert_eq!(*state.borrow(), State::Closed { cause: Cause::LastHandleDropped });
    assert!(weak.upgrade().is_none());
    assert_eq!(all(bus).await, ["Connected", "Disconnected"]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_spawn_connected_leaves_nothing_running() {
    let Setup { builder, transcript, .. } = Setup::new();
    let waited = tokio::time::timeout(seconds(1), builder.spawn_connected()).await;
    assert!(waited.is_err());
    transcript.wait_for("dial abandoned").await;
}
