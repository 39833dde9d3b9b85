//! What the handle's questions resolve to, and when.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use ham_persistent::{AttemptError, Cause, Event, LOST_LINKS_KEPT, State, WallClock};
use ham_testkit::scripted::{Attempt, Gate};
use tokio::time::Instant;

use crate::setup::{Setup, pass, seconds, settle};

#[tokio::test(start_paused = true)]
async fn connected_resolves_to_the_first_link_from_now_on() {
    let setup = Setup::new();
    setup.script.push(Attempt::refused("refused"));
    setup.script.push(Attempt::accepted());
    setup.script.push(Attempt::accepted());
    let (persistent, script, _transcript) = setup.spawn();
    let began = Instant::now();
    let (link, other) = tokio::join!(persistent.connected(), persistent.connected());
    let link = link.expect("nobody closes it");
    assert_eq!((link.number(), began.elapsed()), (1, seconds(10)));
    assert_eq!(other.expect("nobody closes it"), link, "every waiter gets it");
    pass(seconds(60)).await;
    script.link(1).lose("reset");
    settle().await;
    assert_eq!(persistent.connected().await.expect("nobody closes it").number(), 2);
}

/// A watch wakes those who wait on it in random order, so callers of one second overtook each other.
#[tokio::test(start_paused = true)]
async fn those_who_wait_for_a_link_get_it_in_the_order_in_which_they_came() {
    let setup = Setup::new();
    let gate = Gate::new();
    setup.script.push(Attempt::gated(&gate));
    let (persistent, _script, _transcript) = setup.spawn();
    let order = Arc::new(Mutex::new(Vec::new()));
    let waiters = (0..32).map(|number| {
        let (persistent, order) = (persistent.clone(), Arc::clone(&order));
        async move {
            let outcome = match number % 2 {
                0 => persistent.connected().await.is_ok(),
                _ => persistent.connected_or_failed_to_connect().await.is_ok(),
            };
            order.lock().expect("no panic").push((number, outcome));
        }
    });
    let opened = async {
        settle().await;
        gate.open();
    };
    tokio::join!(futures_util::future::join_all(waiters), opened);
    let came: Vec<_> = (0..32).map(|number| (number, true)).collect();
    assert_eq!(*order.lock().expect("no panic"), came);
}

#[tokio::test(start_paused = true)]
async fn connected_is_immediate_with_a_link() {
    let setup = Setup::new();
    setup.script.push(Attempt::accepted());
    let (persistent, script, _transcript) = setup.spawn();
    assert_eq!(persistent.current_connection(), None);
    persistent.connected().await.expect("nobody closes it");
    let again = persistent.connected().now_or_never().expect("at once").expect("nobody closes it");
    assert_eq!(again, script.link(1));
    assert_eq!(persistent.current_connection(), Some(again));
    let either = persistent.connected_or_failed_to_connect().now_or_never().expect("at once");
    assert_eq!(either.expect("a link"), script.link(1));
}

#[tokio::test(start_paused = true)]
async fn connected_fails_after_close() {
    let setup = Setup::new();
    let (persistent, _script, _transcript) = setup.spawn();
    let (waited, ()) = tokio::join!(persistent.connected(), async {
        pass(seconds(1)).await;
        persistent.close().await;
    });
    assert_eq!(waited.expect_err("closed").cause, Cause::CloseCalled);
    assert_eq!(persistent.connected().await.expect_err("closed").cause, Cause::CloseCalled);
}

#[tokio::test(start_paused = true)]
async fn connected_or_failed_resolves_with_each_attempts_outcome() {
    let setup = Setup::new();
    for text in ["x", "x", "y"] {
        setup.script.push(Attempt::refused(text).taking(seconds(1)));
    }
    setup.script.push(Attempt::accepted());
    let (persistent, _script, _transcript) = setup.spawn();
    let began = Instant::now();
    for (text, at) in [("x", 1), ("x", 11), ("y", 21)] {
        let failed = persistent.connected_or_failed_to_connect().await.expect_err("refused");
        assert_eq!(failed.source().expect("the connector's error").to_string(), text);
        assert!(matches!(failed, AttemptError::FailedToConnect(_)));
        assert_eq!(began.elapsed(), seconds(at));
    }
    assert_eq!(persistent.connected_or_failed_to_connect().await.expect("accepted").number(), 1);
}

#[tokio::test(start_paused = true)]
async fn connected_or_failed_resolves_when_closed() {
    let setup = Setup::new();
    let (persistent, _script, _transcript) = setup.spawn();
    let (waited, ()) = tokio::join!(persistent.connected_or_failed_to_connect(), async {
        pass(seconds(1)).await;
        persistent.close().await;
    });
    assert!(matches!(waited, Err(AttemptError::Closed(closed)) if closed.cause == Cause::CloseCalled));
    let waited = persistent.connected_or_failed_to_connect().now_or_never().expect("at once");
    assert!(matches!(waited, Err(AttemptError::Closed(_))));
}

#[tokio::test(start_paused = true)]
async fn the_state_follows() {
    let setup = Setup::new();
    let gate = Gate::new();
    setup.script.push(Attempt::gated(&gate));
    let (persistent, script, _transcript) = setup.spawn();
    assert_eq!(persistent.server_name(), "peer");
    let state = persistent.state();
    let began = Instant::now();
    assert_eq!(*state.borrow(), State::Dialing { attempt: 1 });
    gate.open();
    settle().await;
    assert!(state.borrow().is_live());
    pass(seconds(4)).await;
    script.link(1).lose("reset");
    settle().await;
    let cause = Cause::LinkLost { text: "reset".into() };
    let until = began + seconds(10);
    assert_eq!(*state.borrow(), State::BackingOff { attempt: 0, until, cause });
    pass(seconds(10)).await;
    assert_eq!(*state.borrow(), State::Dialing { attempt: 1 });
    persistent.close().await;
    assert_eq!(*state.borrow(), State::Closed { cause: Cause::CloseCalled });
}

#[derive(Debug)]
struct Noon;

impl WallClock for Noon {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(43_200)
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_link_causes_are_kept_with_their_times() {
    let mut setup = Setup::new();
    setup.script.otherwise(Attempt::accepted());
    setup.builder = setup.builder.wall_clock(Noon);
    let (persistent, script, transcript) = setup.spawn();
    for number in 1..=LOST_LINKS_KEPT + 5 {
        transcript.wait_for(&format!("link {number} up")).await;
        settle().await;
        script.link(number).lose(&format!("loss {number}"));
        settle().await;
    }
    let causes = persistent.causes();
    assert_eq!(causes.len(), LOST_LINKS_KEPT);
    assert_eq!(causes[0].cause.to_string(), "loss 6");
    assert_eq!(causes[LOST_LINKS_KEPT - 1].cause.to_string(), format!("loss {}", LOST_LINKS_KEPT + 5));
    assert!(causes.iter().all(|lost| lost.at == Noon.now() && lost.lived < seconds(1)));
}

#[tokio::test(start_paused = true)]
async fn a_failed_first_attempt_can_be_returned_instead() {
    let setup = Setup::new().noting();
    setup.script.push(Attempt::refused("refused"));
    let Setup { builder, transcript, .. } = setup;
    let failed = builder.spawn_connected().await.expect_err("refused");
    assert_eq!(failed.source().expect("the connector's error").to_string(), "refused");
    pass(seconds(100)).await;
    let attempts = transcript.events().iter().filter(|line| *line == "address").count();
    assert_eq!(attempts, 1, "{transcript:?}");
    assert_eq!(transcript.lines().last().map(String::as_str), Some("0.000 FailedToConnect(refused)"));
}

#[tokio::test(start_paused = true)]
async fn only_the_first_attempt_is_treated_so() {
    let Setup { builder, script, .. } = Setup::new();
    script.push(Attempt::accepted());
    script.push(Attempt::refused("refused"));
    script.push(Attempt::accepted());
    let persistent = builder.spawn_connected().await.expect("accepted");
    assert!(persistent.current_connection().is_some());
    pass(seconds(60)).await;
    script.link(1).lose("reset");
    settle().await;
    assert_eq!(persistent.connected().await.expect("retried").number(), 2);
}

/// The second attempt's failure was returned, and the connection dropped, when the first link was lost before the waiter ran.
#[tokio::test(start_paused = true)]
async fn a_first_attempt_that_went_well_is_told_though_its_link_is_gone() {
    let Setup { builder, script, .. } = Setup::new();
    script.push(Attempt::accepted());
    script.push(Attempt::refused("refused"));
    script.push(Attempt::accepted());
    let losing = script.clone();
    let builder = builder.on_event(move |event| {
        if matches!(event, Event::Connected(_)) && losing.links() == 1 {
            losing.link(1).lose("reset");
        }
        std::future::ready(())
    });
    let began = Instant::now();
    let persistent = builder.spawn_connected().await.expect("accepted");
    assert_eq!((began.elapsed(), persistent.current_connection()), (Duration::ZERO, None));
    assert_eq!(persistent.connected().await.expect("retried").number(), 2);
}

/// A watch wakes its waiters in random order, so calls that waited for a link overtook each other.
#[tokio::test(start_paused = true)]
async fn those_who_wait_for_a_turn_are_woken_in_the_order_in_which_they_came() {
    let setup = Setup::new();
    let gate = Gate::new();
    setup.script.push(Attempt::gated(&gate));
    let (persistent, _script, transcript) = setup.spawn();
    settle().await;
    let woken = std::sync::Mutex::new(Vec::new());
    let wait = async |number| {
        loop {
            let turned = persistent.turned();
            if persistent.current_connection().is_some() {
                break;
            }
            turned.await;
        }
        woken.lock().expect("nobody panics").push(number);
    };
    let waiting = futures_util::stream::FuturesUnordered::new();
    for number in 0..100 {
        waiting.push(wait(number));
    }
    let waiting = futures_util::StreamExt::collect::<()>(waiting);
    tokio::join!(waiting, async {
        settle().await;
        gate.open();
    });
    drop(transcript);
    assert!(woken.lock().expect("nobody panics").iter().copied().eq(0..100));
}

#[tokio::test(start_paused = true)]
async fn a_turn_between_the_call_and_the_wait_is_not_missed() {
    let setup = Setup::new();
    setup.script.push(Attempt::accepted());
    let (persistent, _script, transcript) = setup.spawn();
    let turned = persistent.turned();
    transcript.wait_for("link 1 up").await;
    settle().await;
    assert!(turned.now_or_never().is_some());
    let turned = persistent.turned();
    assert!(persistent.turned().now_or_never().is_none());
    drop(persistent.close());
    assert!(turned.now_or_never().is_some(), "a close is a turn, whether or not the driver runs");
}
