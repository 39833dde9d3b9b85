//! Calls of one cell go out one at a time, whoever makes them.

use std::pin::pin;

use super::*;

/// Two connections of one process, of which the second has the link that is answered on; `lanes` for both.
async fn two(lanes: bool) -> (Scripted, [PersistentHam; 2], [AppLink; 2]) {
    let conductor = Scripted::start().await;
    assert!(conductor.config().lanes, "by default");
    let (one, here) = conductor.connect(conductor.config().with_lanes(lanes)).await;
    let (other, there) = conductor.connect(conductor.config().with_lanes(lanes)).await;
    (conductor, [one, other], [here, there])
}

#[tokio::test]
async fn a_second_call_of_a_cell_waits_for_the_first_one_and_a_read_does_not() {
    let (_conductor, [one, other], [mut here, mut there]) = two(true).await;
    let (first, second, read) =
        (prepare(&one, "first").await, prepare(&other, "second").await, prepare(&other, "read").await);
    let mut first = pin!(send(&one, &first, options()));
    let arrived = tokio::select! {
        arrived = here.call() => arrived,
        early = &mut first => panic!("{early:?}"),
    };
    // Nothing is signed any more, so what may leave leaves in this order.
    let mut second = pin!(send(&other, &second, options()));
    assert!(futures_util::poll!(&mut second).is_pending());
    let mut read = pin!(send(&other, &read, options().with_read_only()));
    assert!(futures_util::poll!(&mut read).is_pending());
    let beside = there.call().await;
    assert_eq!(beside.function(), "read");
    there.answer(&beside, "beside").await;
    assert_eq!(read.await.unwrap(), "beside");

    here.answer(&arrived, "one").await;
    assert_eq!(first.await.unwrap(), "one");
    let after = async {
        let arrived = there.call().await;
        assert_eq!(arrived.function(), "second");
        there.answer(&arrived, "two").await;
    };
    assert_eq!(tokio::join!(second, after).0.unwrap(), "two");
}

#[ham::zome_client(zome = "zome")]
trait Ledger {
    fn post() -> String;
    #[zome_fn(read_only)]
    fn total() -> String;
}

#[tokio::test]
async fn a_function_that_is_declared_read_only_does_not_wait() {
    let (_conductor, [one, _], [mut here, _there]) = two(true).await;
    let ledger = LedgerClient::new(&one, "role");
    let script = async {
        let post = here.call().await;
        let total = here.call().await;
        assert_eq!((post.function(), total.function()), ("post", "total"));
        here.answer(&total, "beside").await;
        here.answer(&post, "written").await;
    };
    let (post, total, ()) = tokio::join!(ledger.post(), ledger.total(), script);
    assert_eq!((post.unwrap().as_str(), total.unwrap().as_str()), ("written", "beside"));
}

#[tokio::test]
async fn calls_of_different_cells_are_under_way_together() {
    let (_conductor, [one, other], [mut here, mut there]) = two(true).await;
    let elsewhere = other.call_zome_with::<_, String>("other", "zome", "elsewhere", (), options());
    let script = async {
        let (first, second) = (here.call().await, there.call().await);
        assert_ne!(first.params.cell_id, second.params.cell_id);
        there.answer(&second, "two").await;
        here.answer(&first, "one").await;
    };
    let (first, second, ()) = tokio::join!(call(&one, "first", options()), elsewhere, script);
    assert_eq!((first.unwrap().as_str(), second.unwrap().as_str()), ("one", "two"));
}

#[tokio::test]
async fn without_lanes_calls_of_a_cell_are_under_way_together() {
    let (_conductor, [one, other], [mut here, mut there]) = two(false).await;
    let script = async {
        let (first, second) = (here.call().await, there.call().await);
        there.answer(&second, "two").await;
        here.answer(&first, "one").await;
    };
    let (first, second, ()) =
        tokio::join!(call(&one, "first", options()), call(&other, "second", options()), script);
    assert_eq!((first.unwrap().as_str(), second.unwrap().as_str()), ("one", "two"));
}

#[tokio::test]
async fn a_caller_that_goes_away_gives_its_lane_back() {
    let (_conductor, [one, other], [mut here, mut there]) = two(true).await;
    {
        let mut first = pin!(call(&one, "first", options()));
        tokio::select! {
            _ = here.call() => {}
            early = &mut first => panic!("{early:?}"),
        }
    }
    let script = async {
        let second = there.call().await;
        there.answer(&second, "two").await;
    };
    assert_eq!(tokio::join!(call(&other, "second", options()), script).0.unwrap(), "two");
}

/// A call whose link is lost keeps its lane while it is sent again.
#[tokio::test]
async fn a_call_that_is_sent_again_is_still_the_only_one() {
    let (conductor, [one, other], [here, mut there]) = two(true).await;
    let (first, second) = (prepare(&one, "first").await, prepare(&other, "second").await);
    let mut first = pin!(send(&one, &first, options()));
    tokio::select! {
        _ = conductor.cut(here, 1) => {}
        early = &mut first => panic!("{early:?}"),
    }
    let mut second = pin!(send(&other, &second, options()));
    assert!(futures_util::poll!(&mut second).is_pending());
    let again = async {
        let mut link = conductor.link().await;
        let again = link.call().await;
        // The second one would be here before this answer.
        assert!(futures_util::poll!(Box::pin(there.call())).is_pending());
        link.answer(&again, "one").await;
        link
    };
    let (first, _link) = tokio::join!(first, again);
    assert_eq!(first.unwrap(), "one");
    let script = async {
        let arrived = there.call().await;
        there.answer(&arrived, "two").await;
    };
    assert_eq!(tokio::join!(second, script).0.unwrap(), "two");
}

/// Who waits for its turn until its time is up was never sent.
#[tokio::test]
async fn a_call_whose_turn_does_not_come_did_not_run() {
    let (_conductor, [one, other], [mut here, _there]) = two(true).await;
    let mut first = pin!(call(&one, "first", options()));
    tokio::select! {
        _ = here.call() => {}
        early = &mut first => panic!("{early:?}"),
    }
    let second = prepare(&other, "second").await;
    let error = send(&other, &second, options().with_deadline(Duration::from_millis(1))).await.unwrap_err();
    assert!(matches!(error, CallError::TimedOut { sent: false, .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::NotRun);
    assert!(!second.may_have_been_sent());
}
