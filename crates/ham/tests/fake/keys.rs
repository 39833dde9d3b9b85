//! A keystore that signs anything.

use std::sync::Arc;

use ham::{Keystore, KeystoreFuture, KeystoreLink, KeystoreRefusal};

/// A keystore that signs anything.
#[derive(Debug)]
pub(crate) struct Keys;

impl Keystore for Keys {
    fn url(&self) -> String {
        "scripted://keys".into()
    }

    fn connect(&self) -> KeystoreFuture<'_, Result<Arc<dyn KeystoreLink>, KeystoreRefusal>> {
        Box::pin(async {
            let link: Arc<dyn KeystoreLink> = Arc::new(Self);
            Ok(link)
        })
    }
}

impl KeystoreLink for Keys {
    fn sign(&self, _: [u8; 32], _: Arc<[u8]>) -> KeystoreFuture<'_, Result<[u8; 64], String>> {
        Box::pin(async { Ok([5; 64]) })
    }

    fn hello(&self) -> KeystoreFuture<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }

    fn shutdown(&self) -> KeystoreFuture<'_, ()> {
        Box::pin(async {})
    }
}
