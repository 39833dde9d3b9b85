//! One signed call in several hands: what others did with the same bytes counts.

use super::*;
use fake::words::{guest, internal};

/// A connection that never has a link, and one that has.
async fn two() -> (PersistentHam, PersistentHam, AppLink, [Scripted; 2]) {
    let (away, here) = (Scripted::start().await, Scripted::start().await);
    let waiting = PersistentHam::start(away.config()).unwrap();
    let (ham, link) = here.connect(here.config()).await;
    (waiting, ham, link, [away, here])
}

/// Row 10: A waits for a link, B sends and is answered, A gives up.
#[tokio::test]
async fn who_gives_up_waiting_cannot_say_that_a_call_did_not_run_which_another_sent() {
    let (waiting, ham, mut link, _conductors) = two().await;
    let signed = prepare(&ham, "create").await;
    let clone = signed.clone();
    let script = async {
        let sent = async {
            let arrived = link.call().await;
            link.answer(&arrived, "written").await;
        };
        let (answer, ()) = tokio::join!(send(&ham, &signed, options()), sent);
        waiting.close().await;
        answer
    };
    let (gave_up, answer) = tokio::join!(send(&waiting, &clone, options().with_read_only()), script);
    assert_eq!(answer.unwrap(), "written");
    let error = gave_up.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{error:?}");
    assert_eq!(error.effect(), ham::Effect::Unknown);
}

/// The same where the other one failed, was lost, or went away.
#[tokio::test]
async fn who_gives_up_waiting_counts_what_was_refused_lost_or_given_up() {
    let failed = |error: &CallError| assert_eq!(error.outcome(), Outcome::Unknown, "{error:?}");
    for words in [Some(guest()), Some(internal("database is locked")), None] {
        let (waiting, ham, mut link, _conductors) = two().await;
        let signed = prepare(&ham, "create").await;
        {
            let sending = send(&ham, &signed, options().with_policy(CallPolicy::FailFast));
            let mut sending = std::pin::pin!(sending);
            let arrived = tokio::select! {
                arrived = link.call() => arrived,
                early = &mut sending => panic!("{early:?}"),
            };
            if let Some(words) = words {
                link.refuse(&arrived, words).await;
                sending.await.unwrap_err();
            }
        }
        let (gave_up, ()) = tokio::join!(send(&waiting, &signed, options()), waiting.close());
        failed(&gave_up.unwrap_err());
    }
}

/// What never left, or was refused before the nonce, is nothing to count.
#[tokio::test]
async fn who_gives_up_waiting_says_so_where_nothing_can_have_run() {
    let (waiting, ham, mut link, _conductors) = two().await;
    let signed = prepare(&ham, "create").await;
    let refused = async {
        let arrived = link.call().await;
        let words = "ZomeError: Zome not found: zome";
        link.refuse(&arrived, internal(words)).await;
    };
    let (answer, ()) = tokio::join!(send(&ham, &signed, options()), refused);
    assert_eq!(answer.unwrap_err().outcome(), Outcome::Answered);
    let (gave_up, ()) = tokio::join!(send(&waiting, &signed, options()), waiting.close());
    assert_eq!(gave_up.unwrap_err().outcome(), Outcome::NotRun);
}

/// A's sending is lost; B's, the first of its own, is refused before the nonce.
#[tokio::test]
async fn a_clones_first_sending_is_not_the_first_of_the_call() {
    let conductor = Scripted::start().await;
    let (config, mut told) = Told::of(conductor.config());
    let (ham, link) = conductor.connect(config).await;
    let signed = prepare(&ham, "create").await;
    let once = options().with_policy(CallPolicy::FailFast);
    let (lost, _) = tokio::join!(send(&ham, &signed, once), conductor.cut(link, 1));
    assert!(matches!(lost.unwrap_err(), CallError::LinkLost { sent: true, .. }));
    let mut link = conductor.link().await;
    for words in ["database is locked", "ZomeError: Zome not found: zome"] {
        let script = async {
            let arrived = link.call().await;
            link.refuse(&arrived, internal(words)).await;
        };
        let (refused, ()) = tokio::join!(send(&ham, &signed, once), script);
        let error = refused.unwrap_err();
        assert!(matches!(error, CallError::Refused { unsettled: true, .. }), "{error:?}");
    }
    assert_eq!(told.rest().len(), 3, "none of the three is settled");
}

/// Both are under way on one link, and one claims the nonce.
#[tokio::test]
async fn of_two_sendings_at_a_time_one_is_answered_and_the_other_arrived() {
    let conductor = Scripted::start().await;
    let (ham, mut link) = conductor.connect(conductor.config().with_lanes(false)).await;
    let signed = prepare(&ham, "create").await;
    let script = async {
        let mut seen = Nonces::default();
        for _ in 0..2 {
            let arrived = link.call().await;
            link.run(&arrived, &mut seen).await;
        }
    };
    let (one, other, ()) =
        tokio::join!(send(&ham, &signed, options()), send(&ham, &signed, options()), script);
    let mut outcomes = [one, other].map(|result| result.map_err(|error| error.outcome().is_settled()));
    outcomes.sort();
    assert_eq!(outcomes, [Ok("create".to_owned()), Err(false)]);
}
