//! For how long a call may be sent, and for how long its nonce lives.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use ham_persistent::WallClock;
use holochain_zome_types::prelude::Timestamp;

use super::*;

const RESUME_FOR: Duration = Duration::from_secs(10);

/// Row of the gateway: whose caller stopped waiting must not be sent again.
#[tokio::test]
async fn a_link_that_comes_after_resume_for_is_not_used() {
    let conductor = Scripted::start().await;
    let (ham, mut link) = conductor.connect(conductor.config()).await;
    let script = async {
        link.call().await;
        pass(RESUME_FOR).await;
        drop(link);
        let mut link = conductor.link().await;
        // The next call on it is another one.
        let next = link.call().await;
        assert_eq!(next.function(), "next");
        link.answer(&next, "here").await;
        link
    };
    let calling = async {
        let lost = call(&ham, "create", options().with_resume_for(RESUME_FOR)).await.unwrap_err();
        (lost, call(&ham, "next", options()).await)
    };
    let ((lost, next), _link) = tokio::join!(calling, script);
    assert!(matches!(lost, CallError::LinkLost { sent: true, .. }), "{lost:?}");
    assert_eq!(lost.outcome(), Outcome::Unknown);
    assert_eq!(next.unwrap(), "here");
}

#[tokio::test]
async fn an_answer_that_comes_after_resume_for_is_taken() {
    let conductor = Scripted::start().await;
    let (ham, mut link) = conductor.connect(conductor.config()).await;
    let script = async {
        let arrived = link.call().await;
        pass(RESUME_FOR).await;
        link.answer(&arrived, "late").await;
    };
    let (late, ()) = tokio::join!(call(&ham, "create", options().with_resume_for(RESUME_FOR)), script);
    assert_eq!(late.unwrap(), "late");
}

#[tokio::test]
async fn a_call_that_was_not_sent_within_resume_for_did_not_run() {
    let conductor = Scripted::start().await;
    let (config, mut told) = Told::of(conductor.config());
    let (ham, link) = conductor.connect(config).await;
    let signed = prepare(&ham, "create").await;
    for resume_for in [Duration::ZERO, Duration::from_millis(1)] {
        // With a link, and without one.
        let error = send(&ham, &signed, options().with_resume_for(Duration::ZERO)).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotRun, "{error:?} {resume_for:?}");
    }
    drop(link);
    let mut state = ham.state();
    while matches!(state.get(), ham::HamState::Live { .. }) {
        state.changed().await;
    }
    let error = call(&ham, "create", options().with_resume_for(Duration::from_millis(1))).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotRun, "{error:?}");
    assert!(!signed.may_have_been_sent() && told.rest().is_empty());
}

/// A call that waited for a place on the link was sent when one came free, long after its caller had stopped waiting.
#[tokio::test]
async fn a_place_that_comes_free_after_resume_for_is_not_used() {
    let conductor = Scripted::start().await;
    let mut config = conductor.config().with_lanes(false);
    config.session = config.session.with_max_in_flight(std::num::NonZeroUsize::MIN);
    let (ham, mut link) = conductor.connect(config).await;
    let (first, second) = (prepare(&ham, "first").await, prepare(&ham, "second").await);
    let mut first = std::pin::pin!(send(&ham, &first, options()));
    let arrived = tokio::select! {
        arrived = link.call() => arrived,
        early = &mut first => panic!("{early:?}"),
    };
    // Nothing is signed any more, so it waits for the place that the first one has.
    let mut waiting = std::pin::pin!(send(&ham, &second, options().with_resume_for(RESUME_FOR)));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    pass(RESUME_FOR).await;
    link.answer(&arrived, "here").await;
    assert_eq!(first.await.unwrap(), "here");
    let unsent = tokio::select! {
        unsent = &mut waiting => unsent.unwrap_err(),
        late = link.call() => panic!("sent too late: {late:?}"),
    };
    assert_eq!(unsent.outcome(), Outcome::NotRun, "{unsent:?}");
    assert!(!second.may_have_been_sent());
}

#[derive(Debug)]
struct At(SystemTime);

impl WallClock for At {
    fn now(&self) -> SystemTime {
        self.0
    }
}

/// When a nonce expires that is made now and lives so long.
fn expiry(now: SystemTime, life: Duration) -> Timestamp {
    let micros = now.duration_since(UNIX_EPOCH).unwrap() + life;
    Timestamp::from_micros(micros.as_micros().try_into().unwrap())
}

#[tokio::test]
async fn a_nonce_lives_as_long_as_it_is_told_and_no_longer_than_conductors_allow() {
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let conductor = Scripted::start().await;
    let (ham, mut link) = conductor.connect(conductor.config().with_wall_clock(Arc::new(At(now)))).await;
    let hour = Duration::from_secs(60 * 60);
    for (life, lives) in
        [(RESUME_FOR, RESUME_FOR), (hour, ham::MAX_NONCE_LIFE), (Duration::MAX, ham::MAX_NONCE_LIFE)]
    {
        let script = async {
            let arrived = link.call().await;
            link.answer(&arrived, "here").await;
            arrived.params.expires_at
        };
        let short = options().with_nonce_life(life);
        let (answer, expires_at) = tokio::join!(call(&ham, "create", short), script);
        assert_eq!((answer.unwrap().as_str(), expires_at), ("here", expiry(now, lives)));
        let payload = ExternIO::encode(()).unwrap();
        let prepared = ham.prepare_raw("role", "zome", "create", payload, life).await.unwrap();
        assert_eq!(prepared.expires_at(), expiry(now, lives));
    }
}

#[tokio::test]
async fn a_prepared_payload_arrives_as_it_is_and_the_call_knows_that_it_was_sent() {
    let conductor = Scripted::start().await;
    let (ham, mut link) = conductor.connect(conductor.config()).await;
    let payload = ExternIO::from(vec![0xC1, 1, 2]);
    let prepared = ham.prepare_raw("role", "zome", "create", payload.clone(), RESUME_FOR).await.unwrap();
    let clone = prepared.clone();
    assert!(!clone.may_have_been_sent());
    let script = async {
        let arrived = link.call().await;
        assert_eq!((&arrived.params.payload, arrived.nonce()), (&payload, nonce(&prepared)));
        link.answer(&arrived, "here").await;
    };
    let (answer, ()) = tokio::join!(send(&ham, &prepared, options()), script);
    assert_eq!(answer.unwrap(), "here");
    assert!(clone.may_have_been_sent());
}
