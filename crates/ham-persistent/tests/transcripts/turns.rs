//! Who waits is woken when there is something to see, in order.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use futures_util::FutureExt;
use ham_testkit::scripted::{Attempt, Gate};

use crate::setup::{Setup, settle};

/// Counts how often it is woken.
#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Each redial woke everybody who waited for a link, in random order.
#[tokio::test(start_paused = true)]
async fn what_is_asked_of_the_connection_wakes_nobody_who_waits_for_it() {
    let (persistent, _script, _transcript) = Setup::new().spawn();
    settle().await;
    let counter = Arc::new(Counter::default());
    let waker = Waker::from(Arc::clone(&counter));
    let mut waiting = Box::pin(persistent.connected());
    assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    persistent.redial_now();
    assert_eq!(counter.0.load(Ordering::Relaxed), 0);
    drop(persistent.close());
    assert_eq!(counter.0.load(Ordering::Relaxed), 1);
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
