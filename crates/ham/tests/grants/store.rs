//! The credential file, as processes share it.

use std::fs::File;

use ham::{Entropy, SigningError};

use super::*;

#[tokio::test]
async fn a_lock_that_is_never_released_ends_with_the_call() {
    let (fake, asked) = conductor(|_| None).await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("credentials");
    let lock = File::create_new(directory.path().join("credentials.lock")).unwrap();
    lock.lock().unwrap();
    served(&fake, async {
        let ham = process(&fake, ClientKeySigning::default().with_store(&path));
        let error = late(&ham, SHORT).await;
        let CallError::Signing(locked @ SigningError::StoreLocked { path: named, .. }) = &error else {
            panic!("{error:?}")
        };
        assert_eq!(*named, path.display().to_string());
        assert!(
            locked.to_string().contains("another process") && locked.to_string().contains(".lock`"),
            "{locked}"
        );
        assert_eq!(count(&asked, GRANT), 0);
        // As when its holder is killed.
        drop(lock);
        signed(&call(&ham, TIMEOUT).await);
        // A key that is known needs no lock.
        let _lock = File::open(directory.path().join("credentials.lock")).unwrap().lock();
        signed(&call(&ham, TIMEOUT).await);
    })
    .await;
    assert_eq!(count(&asked, GRANT), 1);
}

/// Foretells everything.
#[derive(Debug)]
struct Constant;

impl Entropy for Constant {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), String> {
        bytes.fill(7);
        Ok(())
    }
}

#[derive(Debug)]
struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&self, _: &mut [u8]) -> Result<(), String> {
        Err("the box is closed".into())
    }
}

#[tokio::test]
async fn keys_are_made_of_the_entropy_that_is_given() {
    let (fake, _) = conductor(|_| None).await;
    let directory = tempfile::tempdir().unwrap();
    let with = |name: &str, entropy: Arc<dyn Entropy>| {
        let keys = ClientKeySigning::default().with_store(directory.path().join(name));
        let config = fake::without_setup(fake.admin.address(), &fake.app);
        let config = config.with_signing(Signing::ClientKeys(keys)).with_entropy(entropy);
        PersistentHam::start(config.with_memory(ProcessMemory::apart())).unwrap()
    };
    served(&fake, async {
        signed(&call(&with("one", Arc::new(Constant)), TIMEOUT).await);
        signed(&call(&with("two", Arc::new(Constant)), TIMEOUT).await);
        let error = call(&with("none", Arc::new(NoEntropy)), TIMEOUT).await;
        assert!(matches!(&error, CallError::Signing(SigningError::NoKey(_))), "{error:?}");
        assert!(
            error.to_string().contains("sign") && format!("{error:?}").contains("the box is closed"),
            "{error:?}"
        );
    })
    .await;
    let read = |name| std::fs::read(directory.path().join(name)).unwrap();
    assert_eq!(read("one"), read("two"));
}
