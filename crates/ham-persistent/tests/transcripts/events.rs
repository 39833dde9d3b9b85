//! Which events there are, in which order, and what waits for their callbacks.

use std::sync::{Arc, OnceLock};

use ham_persistent::{Event, Persistent, Randomness};
use ham_testkit::scripted::{Attempt, scripted};
use ham_testkit::transcript::Transcript;

use crate::setup::{Handle, Setup, all, pass, seconds, settle};

#[tokio::test(start_paused = true)]
async fn a_life_in_events() {
    let setup = Setup::new().noting();
    setup.script.push(Attempt::refused("refused").at("a"));
    setup.script.push(Attempt::accepted().at("b"));
    setup.script.push(Attempt::accepted().at("b"));
    let (persistent, script, transcript) = setup.spawn();
    persistent.connected().await.expect("nobody closes it");
    pass(seconds(50)).await;
    script.link(1).lose("reset");
    transcript.wait_for("link 2 up").await;
    persistent.close().await;
    transcript.assert(&[
        "0.000 AttemptingToConnect",
        "0.000 address",
        "0.000 ObtainedAddress(\"a\")",
        "0.000 dial a",
        "0.000 FailedToConnect(refused)",
        "10.000 address",
        "10.000 ObtainedAddress(\"b\")",
        "10.000 dial b",
        "10.000 link 1 up",
        "10.000 Connected",
        "60.000 Disconnected",
        "60.000 AttemptingToConnect",
        "60.000 address",
        "60.000 ObtainedAddress(\"b\")",
        "60.000 dial b",
        "60.000 link 2 up",
        "60.000 Connected",
        "60.000 link 2 close",
        "60.000 link 2 closed",
        "60.000 Disconnected",
    ]);
}

#[tokio::test(start_paused = true)]
async fn the_address_is_obtained_for_every_attempt() {
    let setup = Setup::new();
    for address in ["copy:1", "copy:2", "copy:2"] {
        setup.script.push(Attempt::refused("refused").at(address));
    }
    setup.script.push(Attempt::accepted().at("copy:3"));
    let (persistent, _script, transcript) = setup.spawn();
    persistent.connected().await.expect("nobody closes it");
    let calls = transcript.events();
    assert_eq!(calls.iter().filter(|call| *call == "address").count(), 4);
    let dials: Vec<_> = calls.iter().filter(|call| call.starts_with("dial")).collect();
    assert_eq!(dials, ["dial copy:1", "dial copy:2", "dial copy:2", "dial copy:3"]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_to_obtain_an_address_is_a_failed_attempt() {
    let setup = Setup::new().noting();
    setup.script.push(Attempt::without_address("catalogue is down"));
    setup.script.push(Attempt::accepted());
    let (persistent, _script, transcript) = setup.spawn();
    persistent.connected().await.expect("nobody closes it");
    transcript.wait_for("Connected").await;
    transcript.assert(&[
        "0.000 AttemptingToConnect",
        "0.000 address",
        "0.000 FailedToConnect(catalogue is down)",
        "10.000 address",
        "10.000 ObtainedAddress(\"a\")",
        "10.000 dial a",
        "10.000 link 1 up",
        "10.000 Connected",
    ]);
}

#[tokio::test(start_paused = true)]
async fn each_step_waits_for_the_callback_before_it() {
    let setup = Setup::new().dawdling(seconds(1));
    setup.script.push(Attempt::refused("refused"));
    setup.script.push(Attempt::accepted());
    let (_persistent, _script, transcript) = setup.spawn();
    transcript.wait_for("Connected done").await;
    transcript.assert(&[
        "0.000 AttemptingToConnect",
        "1.000 AttemptingToConnect done",
        "1.000 address",
        "1.000 ObtainedAddress(\"a\")",
        "2.000 ObtainedAddress(\"a\") done",
        "2.000 dial a",
        "2.000 FailedToConnect(refused)",
        "3.000 FailedToConnect(refused) done",
        "11.000 address",
        "11.000 dial a",
        "11.000 link 1 up",
        "11.000 Connected",
        "12.000 Connected done",
    ]);
}

#[tokio::test(start_paused = true)]
async fn disconnected_waits_for_the_callback_of_connected() {
    let setup = Setup::new().dawdling(seconds(5));
    setup.script.push(Attempt::accepted());
    let (persistent, script, transcript) = setup.spawn();
    transcript.wait_for("Connected").await;
    pass(seconds(1)).await;
    script.link(1).lose("reset");
    settle().await;
    assert_eq!(persistent.current_connection(), None, "a dead link is not handed out");
    assert!(!persistent.state().borrow().is_live());
    transcript.wait_for("Disconnected done").await;
    assert_eq!(
        transcript.lines()[7..11],
        ["10.000 Connected", "15.000 Connected done", "15.000 Disconnected", "20.000 Disconnected done"]
    );
}

#[tokio::test(start_paused = true)]
async fn equal_addresses_and_equal_failures_are_reported_once_an_outage() {
    let setup = Setup::new().noting();
    for (address, text) in [("a", "x"), ("a", "x"), ("b", "x"), ("b", "y"), ("a", "x")] {
        setup.script.push(Attempt::refused(text).at(address));
    }
    setup.script.push(Attempt::accepted());
    setup.script.push(Attempt::refused("x"));
    let (persistent, script, transcript) = setup.spawn();
    let bus = persistent.event_bus();
    persistent.connected().await.expect("nobody closes it");
    pass(seconds(60)).await;
    script.link(1).lose("reset");
    pass(seconds(1)).await;
    persistent.close().await;
    let expected = [
        "AttemptingToConnect",
        "ObtainedAddress(\"a\")",
        "FailedToConnect(x)",
        // The second attempt is just like the first one.
        "ObtainedAddress(\"b\")",
        "FailedToConnect(y)",
        "ObtainedAddress(\"a\")",
        "FailedToConnect(x)",
        // The address is still the one before: only the link is news.
        "Connected",
        "Disconnected",
        // A new outage reports everything again.
        "AttemptingToConnect",
        "ObtainedAddress(\"a\")",
        "FailedToConnect(x)",
    ];
    assert_eq!(all(bus).await, expected);
    let is_event = |line: &String| line.starts_with(char::is_uppercase);
    let told: Vec<_> = transcript.events().into_iter().filter(is_event).collect();
    assert_eq!(told, expected, "the callback is told what the bus is told");
}

#[tokio::test(start_paused = true)]
async fn every_failure_counts_in_the_state_also_the_one_that_is_no_event() {
    let setup = Setup::new();
    setup.script.otherwise(Attempt::refused("refused").taking(seconds(1)));
    let (persistent, _script, _transcript) = setup.spawn();
    let mut state = persistent.state();
    for expected in 1..5 {
        let seen = state.wait_for(|state| state.cause().is_some()).await.expect("the driver lives").clone();
        let ham_persistent::State::BackingOff { attempt, cause, .. } = seen else { panic!("{seen:?}") };
        assert_eq!((attempt, cause.to_string().as_str()), (expected, "attempt failed: refused"));
        state.wait_for(|state| state.cause().is_none()).await.expect("the driver lives");
    }
}

#[tokio::test(start_paused = true)]
async fn the_peer_closing_never_closes_the_handle() {
    let setup = Setup::new();
    setup.script.otherwise(Attempt::accepted());
    let (persistent, script, transcript) = setup.spawn();
    for number in 1..=5 {
        transcript.wait_for(&format!("link {number} up")).await;
        settle().await;
        script.link(number).lose("peer closed");
        settle().await;
        assert!(!persistent.is_closed());
    }
    assert!(!transcript.events().iter().any(|line| line.ends_with("close")), "{transcript:?}");
}

#[tokio::test(start_paused = true)]
async fn a_callback_may_close_and_wait_for_it() {
    for at in [
        "AttemptingToConnect",
        "ObtainedAddress(\"a\")",
        "FailedToConnect(refused)",
        "Connected",
        "Disconnected",
    ] {
        let transcript = Transcript::new();
        let (connector, script) = scripted(&transcript);
        script.push(Attempt::refused("refused"));
        script.push(Attempt::accepted());
        let handle: Arc<OnceLock<Handle>> = Arc::default();
        let owned = Arc::clone(&handle);
        let persistent = Persistent::builder("peer", connector)
            .randomness(Randomness::NonRandom)
            .on_event(move |event: Event<_>| {
                let closing = format!("{event:?}") == at;
                let owned = Arc::clone(&owned);
                async move {
                    if closing {
                        owned.get().expect("set before the task runs").close().await;
                    }
                }
            })
            .spawn();
        handle.set(persistent.clone()).expect("set once");
        if at == "Disconnected" {
            persistent.connected().await.expect("not closed yet");
            script.link(1).lose("reset");
        }
        persistent.close_finished().await;
        assert!(persistent.is_closed(), "{at}");
        assert_eq!(script.open_links(), 0, "{at}");
    }
}
