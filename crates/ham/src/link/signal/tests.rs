//! What subscriptions get, and what waits for them.

use super::*;

fn hub(capacity: usize, bytes: usize) -> SignalHub {
    SignalHub::new(capacity, bytes, Arc::new(Meter::new("app")))
}

async fn lagged(signals: &mut Signals) -> u64 {
    match signals.next().await {
        Some(SignalItem::Gap { cause: GapCause::Lagged(missed), .. }) => missed,
        other => panic!("no lag gap: {other:?}"),
    }
}

#[tokio::test]
async fn a_slow_subscriber_is_told_how_much_it_missed_and_slows_no_other() {
    let hub = hub(2, 1000);
    let (mut slow, mut quick) = (hub.subscribe(), hub.subscribe());
    let cause = |item| match item {
        Some(SignalItem::Gap { cause: GapCause::BadFrame(cause), .. }) => cause,
        other => panic!("no bad frame: {other:?}"),
    };
    for n in 0..5 {
        hub.gap(GapCause::BadFrame(n.to_string()));
        assert_eq!(cause(quick.next().await), n.to_string());
    }
    assert_eq!((cause(slow.next().await), cause(slow.next().await)), ("0".to_owned(), "1".to_owned()));
    assert_eq!(lagged(&mut slow).await, 3);
}

/// A subscriber that joined during an outage was told of no gap, and missed what was sent until the outage ended.
#[tokio::test]
async fn a_subscription_that_begins_in_an_outage_begins_with_its_gap() {
    let hub = hub(2, 1000);
    let lost = |item| matches!(item, Some(SignalItem::Gap { cause: GapCause::LinkLost(cause), .. }) if *cause.reason == *"gone");
    let mut before = hub.subscribe();
    hub.link_lost(Ended::because("gone"));
    let mut during = hub.subscribe();
    hub.link_up();
    let mut after = hub.subscribe();
    hub.close();
    assert!(lost(before.next().await) && lost(during.next().await));
    for signals in [&mut before, &mut during, &mut after] {
        assert!(signals.next().await.is_none());
    }
}

fn signal(size: usize) -> Vec<u8> {
    let cell_id = CellId::new(
        holochain_zome_types::prelude::DnaHash::from_raw_32(vec![1; 32]),
        AgentPubKey::from_raw_32(vec![2; 32]),
    );
    let signal = Signal::AppDirect { cell_id, from_agent: None, signal: vec![7; size] };
    rmp_serde::to_vec_named(&signal).unwrap()
}

/// The stream counted signals, not their size: 1,024 of 64 MiB each waited for a subscriber that did not read.
#[tokio::test]
async fn what_waits_for_a_subscriber_is_bounded_in_bytes() {
    const SIZE: usize = 30_000;
    let hub = hub(1000, 100_000);
    let (mut slow, gone) = (hub.subscribe(), hub.subscribe());
    drop(gone);
    for _ in 0..50 {
        hub.received(&signal(SIZE));
    }
    hub.received(&signal(1));
    let size = |item: Option<SignalItem>| match item {
        Some(SignalItem::Signal(signal)) => match &*signal {
            Signal::AppDirect { signal, .. } => signal.len(),
            other => panic!("{other:?}"),
        },
        other => panic!("no signal: {other:?}"),
    };
    let (mut came, mut missed) = (0, 0);
    while came + missed < 50 {
        match slow.next().await {
            Some(SignalItem::Gap { cause: GapCause::Lagged(lost), .. }) => missed += lost,
            item => {
                assert_eq!(size(item), SIZE);
                came += 1;
            }
        }
    }
    assert!((1..=3).contains(&came), "{came} came");
    assert_eq!(size(slow.next().await), 1);
    assert_eq!(hub.queues().as_ref().map(Vec::len), Some(1), "a dropped subscription leaves nothing");
}

/// Like the envelope around it: see `wire/protocol/tests.rs`.
#[tokio::test]
async fn a_signal_that_nests_without_end_is_a_gap() {
    let hub = hub(2, 1000);
    let mut signals = hub.subscribe();
    hub.received(&[0x91; 1000]);
    let Some(SignalItem::Gap { cause: GapCause::BadFrame(why), .. }) = signals.next().await else {
        panic!("no gap")
    };
    assert!(why.contains("nests deeper"), "{why}");
}

#[tokio::test]
async fn a_closed_hub_ends_every_subscription() {
    let hub = hub(2, 1000);
    let mut before = hub.subscribe();
    hub.close();
    assert!(before.next().await.is_none());
    assert!(hub.subscribe().next().await.is_none());
}
