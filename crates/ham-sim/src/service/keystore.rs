//! A keystore: it holds the agents' keys, answers late, refuses, or is silent.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ham::{Keystore, KeystoreFuture, KeystoreLink, KeystoreRefusal};

use crate::dice::Stream;
use crate::model::Conductor;
use crate::swarm::Rate;
use crate::time::pause;
use crate::world::World;

/// The keystore as one process sees it.
#[derive(Clone)]
pub(crate) struct Lair {
    world: Arc<World>,
    conductor: Arc<Conductor>,
    dice: Arc<Mutex<Stream>>,
}

impl Lair {
    pub(crate) fn new(process: u32, world: &Arc<World>, conductor: &Arc<Conductor>) -> Self {
        let dice = Arc::new(Mutex::new(world.stream("keystore", u64::from(process))));
        Self { world: Arc::clone(world), conductor: Arc::clone(conductor), dice }
    }

    fn hits(&self, rate: Rate) -> bool {
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        self.world.strikes(rate, &mut dice)
    }

    /// The steps of every request.
    async fn work(&self) -> Result<(), String> {
        let swarm = &self.world.swarm;
        if self.hits(swarm.keystore_slow) {
            let time = self.dice.lock().unwrap_or_else(PoisonError::into_inner).skewed_millis(12_000);
            pause(time).await;
        }
        if self.hits(swarm.keystore_silent) {
            std::future::pending::<()>().await;
        }
        match self.hits(swarm.keystore_refuses) {
            true => Err("the keystore is busy".to_owned()),
            false => Ok(()),
        }
    }
}

impl Keystore for Lair {
    fn url(&self) -> String {
        "unix:///keystore".to_owned()
    }

    fn connect(&self) -> KeystoreFuture<'_, Result<Arc<dyn KeystoreLink>, KeystoreRefusal>> {
        Box::pin(async {
            self.work().await.map_err(KeystoreRefusal::Unreachable)?;
            Ok(Arc::new(self.clone()) as Arc<dyn KeystoreLink>)
        })
    }
}

impl KeystoreLink for Lair {
    fn sign(&self, key: [u8; 32], message: Arc<[u8]>) -> KeystoreFuture<'_, Result<[u8; 64], String>> {
        Box::pin(async move {
            self.work().await?;
            self.conductor.sign(&key, &message).ok_or_else(|| "no such key".to_owned())
        })
    }

    fn hello(&self) -> KeystoreFuture<'_, Result<(), String>> {
        Box::pin(self.work())
    }

    fn shutdown(&self) -> KeystoreFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl fmt::Debug for Lair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lair").finish_non_exhaustive()
    }
}
