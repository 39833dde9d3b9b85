//! How large the outbox's file gets, beside what its bound counts.

#![expect(clippy::unwrap_used, reason = "what unwraps here fails the test")]

#[path = "support/outbox.rs"]
#[expect(dead_code, reason = "the tests of disks in memory use all of it")]
mod memory;

use std::path::Path;

use ham_gateway::outbox::machine::{Input, SendEnded};
use ham_gateway::outbox::{Accepted, Call, Limits, Store, StoreError};

use memory::call;

/// What is counted.
const BYTES: u64 = 4 << 20;

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

fn ended(mut call: Call) -> Call {
    for input in [Input::Turn, Input::Signed, Input::SendEnded(SendEnded::Answered)] {
        call.record.step(input).unwrap();
    }
    // Its answer is as large as what was asked.
    call.keep_until = Some(5);
    call
}

/// Fills it to its bound, changes each call, forgets all of them and fills it again: the most that the file took.
async fn most(payload: usize) -> u64 {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("outbox.redb");
    let limits = Limits { bytes: BYTES, ..Limits::default() };
    let store = Store::open(&path, limits).unwrap().store;
    let mut most = 0;
    for round in 0..2 {
        let mut calls = Vec::new();
        'full: loop {
            let group = (0..64).map(|nth| call(&format!("{round}-{}-{nth}", calls.len()), payload));
            let group: Vec<_> = group.collect();
            let accepted = group.iter().map(|call| store.accept(call.clone()));
            for (call, accepted) in group.iter().zip(futures_util::future::join_all(accepted).await) {
                match accepted {
                    Ok(Accepted::New) => calls.push(call.clone()),
                    Err(StoreError::Full) => break 'full,
                    other => panic!("{other:?}"),
                }
            }
            most = most.max(size(&path));
        }
        for group in calls.chunks(64) {
            let written = group.iter().map(|call| store.write(ended(call.clone())));
            futures_util::future::join_all(written).await.into_iter().for_each(|written| written.unwrap());
            most = most.max(size(&path));
        }
        while store.sweep(5).await.unwrap() > 0 {
            most = most.max(size(&path));
        }
    }
    most
}

/// `outbox.bytes` did not bound the file, and nothing said by how much it is larger. Its pages come in powers of two, what is changed is written
/// beside what it was, and the file doubles when it grows.
#[tokio::test(flavor = "multi_thread")]
async fn the_file_is_no_larger_than_is_documented() {
    for (payload, times) in [(500, SMALL), (4_200, SMALL), (70_000, LARGE), (1 << 20, LARGE)] {
        let most = most(payload).await;
        println!("calls of {payload} bytes: {:.1} times as large", most as f64 / BYTES as f64);
        // The last call that is taken may go beyond the bound.
        assert!(most <= times * (BYTES + payload as u64), "{payload}: {most}");
    }
    let page = include_str!("../../../docs/gateway-config.md");
    let row = page.lines().find(|line| line.starts_with("| `outbox.bytes`")).unwrap();
    assert!(
        row.contains(&format!("up to {SMALL} times")) && row.contains(&format!("up to {LARGE} times")),
        "{row}"
    );
}

/// How much larger it is with calls of less than 16 KiB, and at the worst.
const SMALL: u64 = 4;
const LARGE: u64 = 9;
