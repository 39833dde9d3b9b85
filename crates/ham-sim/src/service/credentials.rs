//! The credential file of a service: in memory, and outliving the processes that use it.

use std::sync::{Arc, Mutex, PoisonError};

use ham::{CredentialFile, LockedCredentialFile, Secret, StoreFuture};
use tokio::sync::OwnedMutexGuard;

use crate::dice::Stream;
use crate::world::World;

/// A file that survives crashes.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    content: Mutex<Option<Secret>>,
    lock: Arc<tokio::sync::Mutex<()>>,
    world: Arc<World>,
    dice: Mutex<Stream>,
}

impl Credentials {
    pub(crate) fn new(world: &Arc<World>) -> Self {
        let dice = Mutex::new(world.stream("credentials", 0));
        let (content, lock) = (Mutex::default(), Arc::default());
        Self { shared: Arc::new(Shared { content, lock, world: Arc::clone(world), dice }) }
    }

    /// What it holds.
    pub(crate) fn content(&self) -> Vec<u8> {
        let content = self.shared.content.lock().unwrap_or_else(PoisonError::into_inner);
        content.as_ref().map(|content| content.expose().to_vec()).unwrap_or_default()
    }

    /// Reading and writing take some time.
    async fn work(&self) {
        let time = {
            let mut dice = self.shared.dice.lock().unwrap_or_else(PoisonError::into_inner);
            if self.shared.world.is_healed() {
                return;
            }
            dice.skewed_millis(20)
        };
        crate::time::pause(time).await;
    }
}

impl CredentialFile for Credentials {
    fn name(&self) -> String {
        "credentials".to_owned()
    }

    fn load(&self) -> StoreFuture<'_, Option<Secret>> {
        Box::pin(async {
            self.work().await;
            Ok(self.shared.content.lock().unwrap_or_else(PoisonError::into_inner).clone())
        })
    }

    fn lock(&self) -> StoreFuture<'_, Box<dyn LockedCredentialFile>> {
        Box::pin(async {
            let held = Arc::clone(&self.shared.lock).lock_owned().await;
            Ok(Box::new(Locked { file: self.clone(), _held: held }) as Box<dyn LockedCredentialFile>)
        })
    }
}

struct Locked {
    file: Credentials,
    _held: OwnedMutexGuard<()>,
}

impl LockedCredentialFile for Locked {
    fn save(&mut self, content: Secret) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            // A crash on the way leaves the old content.
            self.file.work().await;
            *self.file.shared.content.lock().unwrap_or_else(PoisonError::into_inner) = Some(content);
            Ok(())
        })
    }
}
