//! How often a grant is asked for, and what that costs.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use std::time::{SystemTime, UNIX_EPOCH};

use ham::{SigningError, SigningStep};
use ham_persistent::WallClock;
use holochain_conductor_api::AdminRequest;

use super::*;

/// Case: `ham call` ended with 8 where another process wrote to the chain at the same time.
#[tokio::test]
async fn a_grant_that_meets_other_writers_is_asked_for_again() {
    let left = AtomicUsize::new(3);
    let met = move |request: &str| {
        let busy = |left: usize| left.checked_sub(1);
        let meets = request == GRANT && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, busy).is_ok();
        meets.then(|| error(MOVED))
    };
    let (fake, asked) = conductor(met).await;
    served(&fake, async {
        // Nothing was written, so it costs nothing.
        let ham = process(&fake, ClientKeySigning::default().with_budget(1));
        signed(&call(&ham, TIMEOUT).await);
    })
    .await;
    assert_eq!(count(&asked, GRANT), 4);
    // What moved the head may have closed the chain: it is looked at before each.
    assert!(count(&asked, "dump_state") >= 4, "{asked:?}");
}

/// Case: a grant that was answered "database is locked" used up the budget, and so did one that was never sent because the
/// release could not be found out.
#[tokio::test]
async fn what_wrote_nothing_costs_nothing() {
    for (request, words) in [
        (GRANT, "database is locked"),
        (GRANT, "Source chain error: some other reason"),
        (GRANT, ""),
        (DIRECT, ""),
    ] {
        let refuses = Arc::new(AtomicBool::new(true));
        let refusing = refuses.clone();
        let (fake, asked) = conductor(move |asked| {
            let refused = asked == request && refusing.load(Ordering::Relaxed);
            // No conductor answers nothing, so its release stays unknown.
            refused.then(|| if words.is_empty() { Words::Body(rmpv::Value::Nil) } else { error(words) })
        })
        .await;
        served(&fake, async {
            let ham = process(&fake, ClientKeySigning::default().with_budget(1));
            let refused = call(&ham, TIMEOUT).await;
            assert!(matches!(refused, CallError::Signing(SigningError::Grant(_))), "{request}: {refused:?}");
            refuses.store(false, Ordering::Relaxed);
            signed(&call(&ham, TIMEOUT).await);
        })
        .await;
        assert!(count(&asked, GRANT) >= 1, "{request}: {asked:?}");
    }
}

/// A wall clock that is set while a grant is under way.
#[derive(Debug, Default)]
struct Set(AtomicUsize);

impl WallClock for Set {
    fn now(&self) -> SystemTime {
        let hours = u64::try_from(self.0.load(Ordering::Relaxed)).unwrap();
        UNIX_EPOCH + Duration::from_secs(hours * 60 * 60)
    }
}

/// A process that set its clock took its own grant for settled, and asked for a second one beside it.
#[tokio::test]
async fn a_clock_that_is_set_settles_no_grant() {
    for hours in [0, 2] {
        let (fake, asked) = conductor(|request| (request == GRANT).then_some(Words::Silence)).await;
        let clock = Arc::new(Set(AtomicUsize::new(1)));
        served(&fake, async {
            let config = fake::without_setup(fake.admin.address(), &fake.app);
            let config = config.with_signing(Signing::ClientKeys(ClientKeySigning::default()));
            let config = config.with_memory(ProcessMemory::apart()).with_wall_clock(clock.clone());
            let ham = PersistentHam::start(config).unwrap();
            call(&ham, SHORT).await;
            clock.0.store(hours, Ordering::Relaxed);
            call(&ham, SHORT).await;
        })
        .await;
        assert_eq!(count(&asked, GRANT), 1, "{hours}");
    }
}

/// Shorter than a grant takes to settle, too.
const WITHIN: Duration = Duration::from_secs(5);

/// A grant whose answer did not come may still be written: asked for again, it would be there twice.
#[tokio::test]
async fn a_grant_of_unknown_fate_counts_and_is_not_asked_for_again() {
    let granted = Arc::new(AtomicUsize::new(0));
    let counted = granted.clone();
    let (asks, mut asked) = tokio::sync::mpsc::channel(16);
    let fake = Fake::silent(move |request| {
        let grants = matches!(request, AdminRequest::GrantZomeCallCapability(_));
        if grants {
            counted.fetch_add(1, Ordering::Relaxed);
            asks.try_send(()).unwrap();
        }
        grants
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("credentials");
    served(&fake, async {
        let keys = ClientKeySigning::default().with_store(&file);
        let ham = process(&fake, keys.clone());
        let waited = |error: CallError, step: SigningStep| {
            let CallError::Signing(SigningError::TimedOut { step: at, .. }) = &error else {
                panic!("{error:?}")
            };
            assert_eq!(*at, step);
        };
        // Its time is up once the grant is asked for.
        let passing = async {
            asked.recv().await;
            pass(WITHIN).await;
        };
        let (error, ()) = tokio::join!(call(&ham, WITHIN), passing);
        waited(error, SigningStep::Grant);
        waited(late(&ham, SHORT).await, SigningStep::GrantLookUp);
        // Nor by another process, after this one was killed.
        waited(late(&process(&fake, keys), SHORT).await, SigningStep::GrantLookUp);
    })
    .await;
    assert_eq!(granted.load(Ordering::Relaxed), 1);
}
