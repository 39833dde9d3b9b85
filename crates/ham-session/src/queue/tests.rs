use futures_util::{FutureExt as _, StreamExt};

use super::*;

#[tokio::test]
async fn a_loss_is_told_where_it_happened() {
    let (sender, mut receiver) = lossy_queue(2, 100);
    let lost: Vec<u64> = (0..5).map(|n| sender.put(n, 1)).collect();
    assert_eq!(lost, [0, 0, 1, 2, 3]);
    assert_eq!(receiver.next().await, Some(Received::Item(0)));
    sender.put(5, 1);
    for wanted in [Received::Item(1), Received::Missed(3), Received::Item(5)] {
        assert_eq!(receiver.next().await, Some(wanted));
    }
}

#[tokio::test]
async fn a_loss_at_the_end_is_told_when_the_queue_is_empty_and_then_it_ends() {
    let (sender, mut receiver) = lossy_queue(0, 0);
    sender.put(0, 1);
    sender.put(1, 1);
    drop(sender);
    assert_eq!(receiver.next().await, Some(Received::Item(0)));
    assert_eq!(receiver.next().await, Some(Received::Missed(1)));
    assert_eq!(receiver.next().await, None);
}

#[test]
fn what_is_there_can_be_taken_without_waiting_and_the_losses_with_it() {
    let (sender, mut receiver) = lossy_queue(1, 100);
    assert_eq!(receiver.try_next(), None);
    sender.put(0, 1);
    sender.put(1, 1);
    assert_eq!(receiver.try_next(), Some(Received::Item(0)));
    sender.put(2, 1);
    let rest: Vec<_> = std::iter::from_fn(|| receiver.try_next()).collect();
    assert_eq!(rest, [Received::Missed(1), Received::Item(2)]);
}

/// 1,024 items of 64 MiB each were within its bound.
#[tokio::test]
async fn bytes_are_bounded_and_what_does_not_fit_is_told_in_its_place() {
    let (sender, mut receiver) = lossy_queue(100, 10);
    let lost = [("a", 4), ("b", 6), ("c", 1), ("d", usize::MAX)].map(|(item, bytes)| sender.put(item, bytes));
    assert_eq!(lost, [0, 0, 1, 2]);
    assert_eq!(receiver.next().await, Some(Received::Item("a")));
    // There is room for it, but not for all that was lost before.
    assert_eq!((sender.put("e", 4), sender.put("f", 1)), (0, 1));
    for wanted in [Received::Item("b"), Received::Missed(2), Received::Item("e"), Received::Missed(1)] {
        assert_eq!(receiver.next().await, Some(wanted));
    }
    assert_eq!(receiver.shared.queue().bytes, 0);
}

/// A bound of `usize::MAX` panicked.
#[test]
fn no_bound_is_too_large() {
    let (sender, mut receiver) = lossy_queue(usize::MAX, usize::MAX);
    assert_eq!((sender.put("first", usize::MAX), sender.put("second", 1)), (0, 1));
    assert_eq!(receiver.try_next(), Some(Received::Item("first")));
}

#[tokio::test]
async fn an_item_over_the_bound_is_taken_alone() {
    let (sender, mut receiver) = lossy_queue(100, 10);
    assert_eq!((sender.put("large", 11), sender.put("small", 1)), (0, 1));
    assert_eq!(receiver.next().await, Some(Received::Item("large")));
    assert_eq!(receiver.next().await, Some(Received::Missed(1)));
    assert_eq!((sender.put("small", 1), sender.put("large", 11)), (0, 1));
    assert!(!sender.is_closed());
    drop(receiver);
    assert!(sender.is_closed());
}

/// Many senders and a reader: the bytes that wait never exceed the bound, and nothing is lost unreported.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_put_in_is_either_received_or_told() {
    const EACH: u64 = 2000;
    let (sender, mut receiver) = lossy_queue(8, 64);
    let putting = (0..4).map(|from| {
        let sender = sender.clone();
        tokio::task::spawn_blocking(move || {
            for n in 0..EACH {
                let bytes = usize::try_from((n + from) % 40).expect("small");
                sender.put(bytes, bytes);
            }
        })
    });
    let putting: Vec<_> = putting.collect();
    drop(sender);
    let (mut items, mut missed) = (0, 0);
    while let Some(received) = receiver.next().await {
        match received {
            Received::Item(bytes) => {
                assert!(bytes < 40 && receiver.shared.queue().bytes <= 64);
                items += 1;
            }
            Received::Missed(lost) => missed += lost,
        }
    }
    for done in putting {
        done.await.expect("no sender panics");
    }
    assert_eq!(items + missed, 4 * EACH);
}

#[tokio::test]
async fn it_is_a_stream() {
    let (sender, mut receiver) = lossy_queue(1, 100);
    assert_eq!(StreamExt::next(&mut receiver).now_or_never(), None);
    sender.put("a", 1);
    sender.put("b", 1);
    drop(sender);
    let received: Vec<_> = receiver.collect().await;
    assert_eq!(received, [Received::Item("a"), Received::Missed(1)]);
}
