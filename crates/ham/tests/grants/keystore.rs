//! A keystore of the owner's making.

use std::sync::atomic::{AtomicUsize, Ordering};

use ham::{Keystore, KeystoreFuture, KeystoreLink, KeystoreRefusal, SigningError};

use tokio::time::Instant;

use super::*;

/// Its first links die; what follows signs, or refuses.
#[derive(Debug)]
struct Made {
    dying: AtomicUsize,
    refusal: Option<KeystoreRefusal>,
}

struct Answers {
    signature: Option<[u8; 64]>,
}

impl Keystore for Made {
    fn url(&self) -> String {
        "made://here".into()
    }

    fn connect(&self) -> KeystoreFuture<'_, Result<Arc<dyn KeystoreLink>, KeystoreRefusal>> {
        Box::pin(async {
            if let Some(refusal) = &self.refusal {
                return Err(refusal.clone());
            }
            let dies = |left: usize| left.checked_sub(1);
            let dies = self.dying.fetch_update(Ordering::Relaxed, Ordering::Relaxed, dies).is_ok();
            let link: Arc<dyn KeystoreLink> = Arc::new(Answers { signature: (!dies).then_some([5; 64]) });
            Ok(link)
        })
    }
}

impl KeystoreLink for Answers {
    fn sign(&self, key: [u8; 32], _: Arc<[u8]>) -> KeystoreFuture<'_, Result<[u8; 64], String>> {
        // The agent of the script's app.
        assert_eq!(key, [2; 32]);
        Box::pin(async { self.signature.ok_or_else(|| "gone".into()) })
    }

    fn hello(&self) -> KeystoreFuture<'_, Result<(), String>> {
        Box::pin(async { self.signature.map(|_| ()).ok_or_else(|| "gone".into()) })
    }

    fn shutdown(&self) -> KeystoreFuture<'_, ()> {
        Box::pin(async {})
    }
}

fn made(dying: usize, refusal: Option<KeystoreRefusal>) -> Signing {
    Signing::Keystore(Arc::new(Made { dying: dying.into(), refusal }))
}

#[tokio::test]
async fn a_keystore_of_the_owners_making_signs_and_its_dead_links_are_replaced() {
    let (fake, asked) = conductor(|_| None).await;
    served(&fake, async { signed(&call(&start(&fake, made(2, None)), TIMEOUT).await) }).await;
    assert_eq!(count(&asked, GRANT), 0, "no grant is ever written");
}

#[tokio::test]
async fn its_refusals_are_told_with_its_url() {
    let (fake, _) = conductor(|_| None).await;
    served(&fake, async {
        let error = call(&start(&fake, made(0, Some(KeystoreRefusal::BadPassphrase))), TIMEOUT).await;
        assert!(
            matches!(&error, CallError::Signing(SigningError::BadPassphrase { url }) if url == "made://here"),
            "{error:?}"
        );
        let away = KeystoreRefusal::Unreachable("unplugged".into());
        let error = late(&start(&fake, made(0, Some(away))), SHORT).await;
        assert!(
            matches!(&error, CallError::Signing(SigningError::KeystoreUnreachable { why, .. }) if why.contains("unplugged")),
            "{error:?}"
        );
    })
    .await;
}

/// It refuses each signature, and then gives no sign of life.
#[derive(Debug)]
struct Refuses;

impl Keystore for Refuses {
    fn url(&self) -> String {
        "made://refuses".into()
    }

    fn connect(&self) -> KeystoreFuture<'_, Result<Arc<dyn KeystoreLink>, KeystoreRefusal>> {
        Box::pin(async { Ok(Arc::new(Self) as Arc<dyn KeystoreLink>) })
    }
}

impl KeystoreLink for Refuses {
    fn sign(&self, _: [u8; 32], _: Arc<[u8]>) -> KeystoreFuture<'_, Result<[u8; 64], String>> {
        Box::pin(async { Err("busy".into()) })
    }

    fn hello(&self) -> KeystoreFuture<'_, Result<(), String>> {
        Box::pin(std::future::pending())
    }

    fn shutdown(&self) -> KeystoreFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// The sign of life was waited for with a time-out of its own: the call returned five seconds after its deadline.
#[tokio::test]
async fn a_keystore_that_refuses_and_falls_silent_is_asked_within_the_deadline() {
    let (fake, _) = conductor(|_| None).await;
    served(&fake, async {
        let ham = start(&fake, Signing::Keystore(Arc::new(Refuses)));
        ham.connected(TIMEOUT).await.unwrap();
        let began = Instant::now();
        let error = call(&ham, SHORT).await;
        assert!(matches!(&error, CallError::Signing(SigningError::TimedOut { .. })), "{error:?}");
        assert!(began.elapsed() < SHORT + Duration::from_secs(2), "{:?}", began.elapsed());
    })
    .await;
}
