//! What the conductor's nonces prove, and what ham concludes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use ham::{CallError, CallOptions, Effect, FenceError, Fenced, Outcome, PersistentHam, SignedCall};
use ham_persistent::{SystemWallClock, WallClock};

use crate::support::*;

/// A clock that is wrong by a fixed amount.
#[derive(Debug)]
struct Skewed {
    behind: Duration,
    ahead: Duration,
}

impl WallClock for Skewed {
    fn now(&self) -> SystemTime {
        SystemWallClock.now() - self.behind + self.ahead
    }
}

const HOUR: Duration = Duration::from_secs(3_600);

/// What a journal does to a call.
fn journalled(call: &SignedCall) -> SignedCall {
    serde_json::from_slice(&serde_json::to_vec(call).unwrap()).unwrap()
}

#[test]
fn a_replayed_nonce_is_an_arrival_on_the_same_socket_on_a_new_one_and_after_a_crash() {
    run_apart(async {
        let mut conductor = start().await;
        let app_id = app(&conductor).await;
        let ham = connect(&conductor, &app_id).await;
        let call = ham.prepare("probe", "probe", "create_item", item("once"), TIMEOUT).await.unwrap();
        ham.send_signed(&call, CallOptions::default()).await.unwrap();

        let same_socket = ham.send_signed(&call, CallOptions::default()).await.unwrap_err();
        if !remembers_nonces().await {
            assert!(matches!(same_socket, CallError::UnsafeToRepeat { .. }), "{same_socket:?}");
            assert_eq!((same_socket.outcome(), same_socket.effect()), (Outcome::Unknown, Effect::Unknown));
            return assert_eq!(call_ids(&ham).await, ["once"]);
        }
        assert_eq!(same_socket.outcome(), Outcome::Arrived { not_started_after: call.expires_at() });
        assert_eq!(same_socket.effect(), Effect::Unknown);

        let other = connect(&conductor, &app_id).await;
        let new_socket = other.send_signed(&journalled(&call), CallOptions::default()).await.unwrap_err();
        assert!(matches!(new_socket, CallError::Arrived { .. }), "{new_socket:?}");

        conductor.kill().await.unwrap();
        conductor.restart().await.unwrap();
        let after_crash = ham.send_signed(&call, CallOptions::default()).await.unwrap_err();
        assert!(matches!(after_crash, CallError::Arrived { .. }), "{after_crash:?}");
        assert_eq!(call_ids(&ham).await, ["once"]);
        ham.close().await;
        conductor.stop().await.unwrap();
    });
}

#[test]
fn a_fence_settles_a_lost_call_one_way_or_the_other() {
    run(async {
        let (_, ham) = connected().await;
        let never_sent = ham.prepare("probe", "probe", "create_item", item("burnt"), TIMEOUT).await.unwrap();
        if !remembers_nonces().await {
            let refused = ham.fence(&never_sent, None).await.unwrap_err();
            return assert!(matches!(refused, FenceError::UnsafeToRepeat { .. }), "{refused:?}");
        }
        let journalled_before = journalled(&never_sent);
        for _ in 0..2 {
            assert_eq!(ham.fence(&never_sent, None).await.unwrap(), Fenced::NeverRan);
            assert!(never_sent.is_fenced());
        }
        let too_late = ham.send_signed(&never_sent, CallOptions::default()).await.unwrap_err();
        assert!(matches!(too_late, CallError::Fenced), "{too_late:?}");
        assert_eq!((too_late.outcome(), too_late.effect()), (Outcome::NotRun, Effect::Nothing));
        // A process that reads the call as it was when its fence began cannot tell whose the nonce is.
        journalled_before.begin_fence();
        let in_doubt = journalled(&journalled_before);
        assert_eq!(ham.fence(&in_doubt, None).await.unwrap(), Fenced::Ambiguous);
        let unknown = ham.send_signed(&in_doubt, CallOptions::default()).await.unwrap_err();
        assert!(matches!(unknown, CallError::Ambiguous { .. }), "{unknown:?}");
        assert_eq!(unknown.outcome(), Outcome::Unknown);

        let sent = ham.prepare("probe", "probe", "create_item", item("kept"), TIMEOUT).await.unwrap();
        ham.send_signed(&sent, CallOptions::default()).await.unwrap();
        for _ in 0..2 {
            assert_eq!(ham.fence(&sent, None).await.unwrap(), Fenced::Arrived);
        }
        assert_eq!(call_ids(&ham).await, ["kept"]);
    });
}

#[test]
fn a_skewed_clock_is_named_and_nothing_ran() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        for (skew, verdict) in [
            (Skewed { behind: HOUR, ahead: Duration::ZERO }, "expired"),
            (Skewed { behind: Duration::ZERO, ahead: HOUR }, "from the future"),
        ] {
            let skewed = config(conductor, &app_id).with_wall_clock(Arc::new(skew));
            let ham = PersistentHam::connect(skewed).await.unwrap();
            let error = refused(&ham, "create_item", item("skewed")).await;
            assert!(matches!(error, CallError::ClockSkew { verdict: told } if told == verdict), "{error:?}");
            assert_eq!((error.outcome(), error.effect()), (Outcome::NotRun, Effect::Nothing));
        }
        assert!(call_ids(&connect(conductor, &app_id).await).await.is_empty());
    });
}

#[test]
fn an_expired_call_from_a_journal_may_have_run() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let slow = Skewed { behind: HOUR, ahead: Duration::ZERO };
        let past =
            PersistentHam::connect(config(conductor, &app_id).with_wall_clock(Arc::new(slow))).await.unwrap();
        let call = past.prepare("probe", "probe", "create_item", item("old"), TIMEOUT).await.unwrap();
        let now = connect(conductor, &app_id).await;
        let resumed = now.send_signed(&journalled(&call), CallOptions::default()).await.unwrap_err();
        assert!(matches!(resumed, CallError::Expired), "{resumed:?}");
        assert_eq!(resumed.outcome(), Outcome::Unknown);
        if remembers_nonces().await {
            assert_eq!(now.fence(&journalled(&call), None).await.unwrap(), Fenced::TooLate);
        }
    });
}

#[test]
fn a_journal_shows_no_secret_in_debug() {
    run(async {
        let (_, ham) = connected().await;
        let call = ham.prepare("probe", "probe", "echo_text", "hidden payload", TIMEOUT).await.unwrap();
        let shown = format!("{call:?}");
        assert!(!shown.contains("hidden") && !shown.contains("bytes"), "{shown}");
        // What comes from a journal may have been sent before.
        let call = if remembers_nonces().await { journalled(&call) } else { call };
        let answer = ham.send_signed(&call, CallOptions::default()).await.unwrap();
        assert_eq!(answer.decode::<String>().unwrap(), "hidden payload");
    });
}

/// Hours behind until it is set right, as if a call had waited so long for a link.
#[derive(Debug, Default)]
struct Late(AtomicBool);

impl WallClock for Late {
    fn now(&self) -> SystemTime {
        let late = if self.0.load(Ordering::Relaxed) { Duration::ZERO } else { Duration::from_secs(7_200) };
        SystemWallClock.now() - late
    }
}

/// A deadline may be longer than a nonce lives: a prepared call that waits so long.
#[test]
fn a_nonce_that_ran_out_unsent_did_not_run_and_sent_is_unknown() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let clock = Arc::new(Late::default());
        let config = config(conductor, &app_id).with_wall_clock(clock.clone());
        let ham = PersistentHam::connect(config).await.unwrap();
        let day = Duration::from_secs(86_400);
        let call = ham.prepare("probe", "probe", "create_item", item("late"), day).await.unwrap();
        clock.0.store(true, Ordering::Relaxed);
        let unsent = ham.send_signed(&call, CallOptions::default()).await.unwrap_err();
        assert!(matches!(unsent, CallError::ExpiredUnsent), "{unsent:?}");
        assert_eq!(unsent.outcome(), Outcome::NotRun);
        // It was not sent then, so that stays true; what comes from a journal may have been.
        let unsent = ham.send_signed(&call, CallOptions::default()).await.unwrap_err();
        assert!(matches!(unsent, CallError::ExpiredUnsent), "{unsent:?}");
        let sent = ham.send_signed(&journalled(&call), CallOptions::default()).await.unwrap_err();
        assert!(matches!(sent, CallError::Expired), "{sent:?}");
        assert_eq!(sent.outcome(), Outcome::Unknown);
        assert!(call_ids(&ham).await.is_empty());
    });
}

/// Two hours behind when it is read first, and right from then on.
#[derive(Debug, Default)]
struct LateOnce(AtomicBool);

impl WallClock for LateOnce {
    fn now(&self) -> SystemTime {
        let late = if self.0.swap(true, Ordering::Relaxed) { 0 } else { 7_200 };
        SystemWallClock.now() - Duration::from_secs(late)
    }
}

/// … and for a call that ham itself signed: nothing of it was sent, so it is signed anew and runs.
#[test]
fn a_call_that_waits_for_longer_than_its_nonce_lives_is_signed_anew() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let config = config(conductor, &app_id).with_wall_clock(Arc::new(LateOnce::default()));
        let ham = PersistentHam::connect(config).await.unwrap();
        ham.call_zome::<_, serde::de::IgnoredAny>("probe", "probe", "create_item", item("once"))
            .await
            .unwrap();
        assert_eq!(call_ids(&ham).await, ["once"]);
    });
}
