//! Several apps of one conductor over one admin link and one keystore link.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ham::{
    Keystore, KeystoreClient, KeystoreFuture, KeystoreLink, KeystoreRefusal, LairSigning, PersistentHam,
    PersistentHamConfig, Signing,
};
use ham_launcher::Conductor;
use ham_testkit::chaos::Proxy;

use crate::support::*;

/// A conductor's keystore, and how often it was dialled.
#[derive(Debug)]
struct Dials(LairSigning, Arc<AtomicU32>);

impl Keystore for Dials {
    fn url(&self) -> String {
        self.0.url()
    }

    fn connect(&self) -> KeystoreFuture<'_, Result<Arc<dyn KeystoreLink>, KeystoreRefusal>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.connect()
    }
}

async fn keystore(conductor: &Conductor) -> (KeystoreClient, Arc<AtomicU32>) {
    let passphrase = conductor.passphrase().unwrap().expose().as_bytes().to_vec();
    let lair = LairSigning::new(conductor.lair_url().await.unwrap().as_str(), passphrase).unwrap();
    let dials = Arc::new(AtomicU32::new(0));
    (KeystoreClient::new(Dials(lair, dials.clone())), dials)
}

#[test]
fn apps_of_one_conductor_share_its_admin_and_keystore_links() {
    run(async {
        let conductor = shared().await;
        let proxy = Proxy::start(([127, 0, 0, 1], conductor.admin_port()).into()).await.unwrap();
        let (keystore, dials) = keystore(conductor).await;
        let first = PersistentHamConfig::local(proxy.address().port(), "");
        let admin = first.admin_client().unwrap().unwrap();
        let mut hams = Vec::new();
        for _ in 0..3 {
            let app_id = app(conductor).await;
            let config = PersistentHamConfig::local(proxy.address().port(), app_id)
                .with_admin(admin.clone())
                .with_signing(Signing::KeystoreClient(keystore.clone()));
            let ham = PersistentHam::connect(config).await.unwrap();
            assert_eq!(call_ids(&ham).await, [""; 0]);
            hams.push(ham);
        }
        // One that closes leaves both links to the others.
        hams.remove(0).close().await;
        for ham in &hams {
            ham.admin().unwrap().list_apps(None).await.unwrap();
            call_ids(ham).await;
        }
        assert_eq!((proxy.counters().accepted, dials.load(Ordering::Relaxed)), (1, 1));
        // Who shared them closes them.
        admin.close().await;
        keystore.close().await;
        let refused = refused(&hams[0], "create_item", item("late")).await;
        assert_eq!(refused.outcome(), ham::Outcome::NotRun);
        assert!(format!("{refused:?}").contains("Closed"), "{refused:?}");
        for ham in &hams {
            ham.close().await;
        }
        proxy.stop().await;
    });
}
