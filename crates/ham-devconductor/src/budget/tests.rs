use std::future::pending;
use std::num::NonZeroU64;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::*;

fn budget() -> Budget {
    Budget::new(Limits::default())
}

#[test]
fn calls_lead_to_one_another_down_to_a_depth() {
    let root = Budget::new(Limits::default().with_depth(3));
    assert!(!root.is_nested());
    let mut innermost = root.clone();
    for _ in 0..3 {
        innermost = innermost.nested().unwrap();
        assert!(innermost.is_nested());
    }
    let exceeded = innermost.nested().unwrap_err();
    assert!(exceeded.to_string().ends_with("3 calls deep (--max-call-depth)"), "{exceeded}");
    // The whole root call ends with it, including what nothing waits for.
    assert_eq!(root.detached().check().unwrap_err(), exceeded);
}

#[test]
fn each_bound_is_named_with_its_value_and_its_flag() {
    let limits = Limits::default().with_fuel(NonZeroU64::MIN).with_memory(2).with_staged_bytes(3);
    let limits = limits.with_signal_bytes(4).with_log_bytes(5).with_calls(0).with_time(Duration::MAX);
    type Draw = fn(&Budget) -> Result<(), Exceeded>;
    let draws: [(Draw, &str); 6] = [
        (|budget| budget.fuel(2).map(drop), "1 instructions (--fuel)"),
        (|budget| Err(budget.out_of_memory()), "2 bytes of memory (--max-memory)"),
        (|budget| budget.stage(1), "3 bytes staged (--max-staged-bytes)"),
        (|budget| budget.signal(1), "4 bytes of signals (--max-signal-bytes)"),
        (|budget| budget.log(6), "5 bytes of log (--max-log-bytes)"),
        (Budget::call, "0 calls (--max-calls)"),
    ];
    for (draw, named) in draws {
        let budget = Budget::new(limits);
        budget.check().unwrap();
        let exceeded = draw(&budget).unwrap_err();
        assert!(exceeded.to_string().ends_with(named), "{exceeded}");
        assert_eq!(budget.check().unwrap_err(), exceeded);
    }
}

#[test]
fn what_is_given_back_is_given_again() {
    let budget = Budget::new(Limits::default().with_fuel(NonZeroU64::new(1000).unwrap()).with_memory(10));
    for _ in 0..100 {
        let fuel = budget.fuel(0).unwrap();
        assert_eq!(fuel, 1000);
        budget.give_back_fuel(fuel);
        assert!(budget.hold_memory(10) && !budget.hold_memory(1));
        budget.give_back_memory(10);
    }
    budget.check().unwrap();
}

#[test]
fn a_share_leaves_some_for_others() {
    let budget = budget();
    let all: Vec<u64> = (0..1000).map(|_| budget.fuel(0).unwrap()).collect();
    assert!(all.iter().all(|share| (SMALLEST_SHARE..=LARGEST_SHARE).contains(share)), "{all:?}");
    // The minimum that was requested is given if it is there.
    assert_eq!(budget.fuel(3 * LARGEST_SHARE).unwrap(), 3 * LARGEST_SHARE);
}

#[tokio::test(start_paused = true)]
async fn time_is_over_for_all() {
    let budget = Budget::new(Limits::default().with_time(Duration::from_secs(2)));
    let nested = budget.nested().unwrap();
    tokio::time::advance(Duration::from_secs(1)).await;
    nested.fuel(0).unwrap();
    tokio::time::advance(Duration::from_secs(1)).await;
    let exceeded = nested.fuel(0).unwrap_err();
    assert!(exceeded.to_string().ends_with("2s (--max-call-time)"), "{exceeded}");
    assert_eq!(budget.call().unwrap_err(), exceeded);
}

/// Case: a commit ran on after the time of its call was up.
#[tokio::test(start_paused = true)]
async fn work_that_takes_longer_than_the_time_ends_with_it() {
    let budget = Budget::new(Limits::default().with_time(Duration::from_secs(2)));
    assert_eq!(budget.within(std::future::ready(7)).await.unwrap(), 7);
    let began = Instant::now();
    let exceeded = budget.within(std::future::pending::<()>()).await.unwrap_err();
    assert!(exceeded.to_string().ends_with("2s (--max-call-time)"), "{exceeded}");
    assert_eq!(began.elapsed(), Duration::from_secs(2));
    assert_eq!(budget.within(std::future::ready(7)).await.unwrap_err(), exceeded);
}

/// Only what runs in the cell, or is waited for in it, ends with the cell.
#[tokio::test(start_paused = true)]
async fn what_runs_in_a_cell_ends_with_it_and_whoever_called_goes_on() {
    let (outer, inner) = (CancellationToken::new(), CancellationToken::new());
    let root = budget().in_cell(outer.clone());
    let nested = root.nested().unwrap().in_cell(inner.clone());
    let (aside, waits) = (nested.detached(), pending::<()>());
    let mut waiting = Box::pin(nested.within(waits));
    assert!(waiting.as_mut().now_or_never().is_none());
    inner.cancel();
    let removed = waiting.await.unwrap_err();
    assert_eq!(
        removed.to_string(),
        "the call was cut off: its cell, or the cell of a call that waits for it, was removed"
    );
    assert_eq!(nested.check().unwrap_err(), removed);
    assert!(nested.is_cut() && !nested.ended_cut() && !root.is_cut());
    root.check().unwrap();
    outer.cancel();
    assert_eq!(root.fuel(1).unwrap_err(), removed);
    assert_eq!(root.nested().unwrap().in_cell(CancellationToken::new()).check().unwrap_err(), removed);
    aside.check().unwrap();
}
