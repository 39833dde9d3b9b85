//! What a subscriber of the bus sees.

use std::num::NonZeroUsize;

use futures_util::{FutureExt, StreamExt};
use ham_persistent::{BusItem, Config, Event};
use ham_testkit::scripted::Attempt;

use crate::setup::{Setup, all, pass, seconds, settle};

#[tokio::test(start_paused = true)]
async fn a_late_subscriber_gets_the_last_event_first() {
    let setup = Setup::new();
    setup.script.push(Attempt::accepted());
    let (persistent, script, _transcript) = setup.spawn();
    assert!(persistent.event_bus().next().now_or_never().is_none(), "nothing has happened yet");
    persistent.connected().await.expect("nobody closes it");
    settle().await;
    let mut late = persistent.event_bus();
    let first = late.next().now_or_never().expect("at once").expect("an event");
    assert!(matches!(first, BusItem::Event(Event::Connected(link)) if link == script.link(1)));
    script.link(1).lose("reset");
    assert!(matches!(late.next().await, Some(BusItem::Event(Event::Disconnected))));
}

/// A capacity of `usize::MAX` panicked.
#[tokio::test(start_paused = true)]
async fn no_capacity_is_too_large() {
    let setup = Setup::new().config(Config::default().with_event_capacity(NonZeroUsize::MAX));
    setup.script.push(Attempt::accepted());
    let (persistent, _script, _transcript) = setup.spawn();
    let bus = persistent.event_bus();
    persistent.connected().await.expect("nobody closes it");
    persistent.close().await;
    assert_eq!(all(bus).await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn every_subscriber_gets_every_event_and_then_the_end() {
    let setup = Setup::new();
    setup.script.push(Attempt::accepted());
    let (persistent, _script, _transcript) = setup.spawn();
    let (one, other) = (persistent.event_bus(), persistent.event_bus());
    persistent.connected().await.expect("nobody closes it");
    persistent.close().await;
    let expected = ["AttemptingToConnect", "ObtainedAddress(\"a\")", "Connected", "Disconnected"];
    assert_eq!(all(one).await, expected);
    assert_eq!(all(other).await, expected);
    assert_eq!(
        all(persistent.event_bus()).await,
        ["Disconnected"],
        "after close: the last event and the end"
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_subscriber_is_told_how_much_it_missed_and_holds_nobody_up() {
    let capacity = NonZeroUsize::new(2).expect("2 is not zero");
    let setup = Setup::new().config(Config::default().with_event_capacity(capacity));
    for text in ["1", "2", "3", "4", "5", "6"] {
        setup.script.push(Attempt::refused(text));
    }
    let (persistent, _script, _transcript) = setup.spawn();
    let slow = persistent.event_bus();
    pass(seconds(55)).await;
    persistent.close().await;
    // 8 events, of which the last 2 were still there.
    assert_eq!(all(slow).await, ["Missed(6)", "FailedToConnect(5)", "FailedToConnect(6)"]);
}
