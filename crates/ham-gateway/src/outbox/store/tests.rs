use super::*;
use crate::outbox::Stored;
use crate::outbox::call::Fingerprint;
use crate::outbox::machine::{Input, SendEnded};
use crate::outbox::tables::Held;
use crate::outbox::testing;

fn call(key: &str, fingerprint: u8) -> Call {
    Call { fingerprint: Fingerprint([fingerprint; 32]), ..testing::call(key) }
}

fn settled(mut call: Call, keep_until: i64) -> Call {
    call.record.step(Input::Turn).unwrap();
    call.record.step(Input::Signed).unwrap();
    call.record.step(Input::SendEnded(SendEnded::Answered)).unwrap();
    call.forget_what_was_sent();
    call.answer = Some(Stored::NotKept);
    call.keep_until = Some(keep_until);
    call
}

#[tokio::test]
async fn a_key_belongs_to_one_call_until_it_is_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("outbox.redb");
    let Opened { store, open } = Store::open(&path, Limits::default()).unwrap();
    assert!(open.is_empty());
    let first = call("inv-1", 1);
    assert!(matches!(store.accept(first.clone()).await, Ok(Accepted::New)));
    let Ok(Accepted::Known(known)) = store.accept(call("inv-1", 1)).await else { panic!("it joins") };
    assert_eq!(known.id, first.id);
    assert!(matches!(store.accept(call("inv-1", 2)).await, Ok(Accepted::OtherRequest)));

    // Another process cannot open it; after this one ends it can, with the calls that were open.
    assert!(matches!(Store::open(&path, Limits::default()), Err(StoreError::Taken)));
    drop(store);
    let Opened { store, open } = Store::open(&path, Limits::default()).unwrap();
    assert_eq!(open.iter().map(|call| call.id).collect::<Vec<_>>(), [first.id]);
    assert_eq!(store.meter().held().records, 1);

    store.write(settled(first.clone(), 100)).await.unwrap();
    let kept = store.get(first.id).unwrap().unwrap();
    assert!(kept.record.is_settled() && kept.payload.is_none());
    assert_eq!(store.sweep(99).await.unwrap(), 0);
    assert_eq!(store.sweep(100).await.unwrap(), 1);
    assert!(store.get(first.id).unwrap().is_none());
    assert_eq!(store.meter().held(), Held::default());
    assert!(matches!(store.accept(call("inv-1", 2)).await, Ok(Accepted::New)));
}

#[tokio::test]
async fn the_key_of_a_call_that_did_not_run_is_free() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("outbox.redb"), Limits::default()).unwrap().store;
    let mut first = call("inv-1", 1);
    store.accept(first.clone()).await.unwrap();
    first.record.step(Input::TimeOver).unwrap();
    first.keep_until = Some(100);
    store.release(first.clone()).await.unwrap();
    let second = call("inv-1", 2);
    assert!(matches!(store.accept(second.clone()).await, Ok(Accepted::New)));
    // The end of the first one does not take the key from the second.
    assert_eq!(store.sweep(100).await.unwrap(), 1);
    assert!(
        matches!(store.accept(call("inv-1", 2)).await, Ok(Accepted::Known(known)) if known.id == second.id)
    );
}

#[tokio::test]
async fn at_its_bound_it_refuses_what_is_new_and_goes_on_with_what_it_knows() {
    let directory = tempfile::tempdir().unwrap();
    let limits = Limits { records: 1, ..Limits::default() };
    let store = Store::open(&directory.path().join("outbox.redb"), limits).unwrap().store;
    let first = call("inv-1", 1);
    store.accept(first.clone()).await.unwrap();
    assert!(matches!(store.accept(call("inv-2", 1)).await, Err(StoreError::Full)));
    store.write(settled(first, 1)).await.unwrap();
    store.sweep(1).await.unwrap();
    assert!(matches!(store.accept(call("inv-2", 1)).await, Ok(Accepted::New)));
}

#[tokio::test]
async fn what_waits_shares_a_transaction() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("outbox.redb"), Limits::default()).unwrap().store;
    let accepted = (0..200).map(|nth| store.accept(call(&format!("inv-{nth}"), 1)));
    for one in futures_util::future::join_all(accepted).await {
        assert!(matches!(one, Ok(Accepted::New)));
    }
    let (commits, commands) = store.meter().commits();
    assert_eq!(commands, 200);
    assert!(commits < commands, "{commits} transactions for {commands} changes");
}
