//! Signing in a lair keystore: no grant, and a link of its own.

use ham::{CallError, Ham, HamConfig, LairSigning, PersistentHam, Signing, SigningError};
use ham_launcher::Conductor;

use crate::support::*;

async fn lair(conductor: &Conductor, passphrase: &str) -> Signing {
    let url = conductor.lair_url().await.unwrap();
    Signing::Lair(LairSigning::new(url.as_str(), passphrase.as_bytes().to_vec()).unwrap())
}

fn passphrase(conductor: &Conductor) -> String {
    conductor.passphrase().unwrap().expose().to_owned()
}

/// All tags of grants on the app's chains.
async fn tags(ham: &PersistentHam) -> Vec<String> {
    let grants = ham.admin().unwrap().grants(ham.config().app_id.clone(), true).await.unwrap();
    grants.into_iter().flat_map(|(_, grants)| grants).map(|grant| grant.tag).collect()
}

#[test]
fn the_cells_own_key_signs_without_a_grant_and_survives_the_keystore() {
    run_apart(async {
        let mut conductor = start().await;
        let app_id = app(&conductor).await;
        let signing = lair(&conductor, &passphrase(&conductor)).await;
        let ham = PersistentHam::connect(config(&conductor, &app_id).with_signing(signing)).await.unwrap();
        ham.call_zome::<_, serde::de::IgnoredAny>("probe", "probe", "create_item", item("before"))
            .await
            .unwrap();
        // The keystore runs inside the conductor: both die, and both links come back.
        conductor.kill().await.unwrap();
        conductor.restart().await.unwrap();
        ham.call_zome::<_, serde::de::IgnoredAny>("probe", "probe", "create_item", item("after"))
            .await
            .unwrap();
        assert_eq!(call_ids(&ham).await, ["before", "after"]);
        assert!(tags(&ham).await.iter().all(|tag| !tag.starts_with("ham:")));
        ham.close().await;
        conductor.stop().await.unwrap();
    });
}

#[test]
fn a_bad_passphrase_is_told_and_not_shown() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let signing = lair(conductor, "wrong-secret-phrase").await;
        let ham = PersistentHam::connect(config(conductor, &app_id).with_signing(signing)).await.unwrap();
        let error = refused(&ham, "create_item", item("x")).await;
        assert!(matches!(&error, CallError::Signing(SigningError::BadPassphrase { .. })), "{error:?}");
        assert!(!format!("{error:?} {ham:?}").contains("wrong-secret"));
    });
}

#[test]
fn an_absent_keystore_is_told_within_the_deadline() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let url = conductor.lair_url().await.unwrap().as_str().replace("socket", "no-such-socket");
        let signing = Signing::Lair(LairSigning::new(&url, b"p".to_vec()).unwrap());
        let ham = PersistentHam::connect(config(conductor, &app_id).with_signing(signing)).await.unwrap();
        let options = ham::CallOptions::default().with_deadline(std::time::Duration::from_secs(2));
        let error =
            ham.call_zome_with::<_, ()>("probe", "probe", "echo_text", "x", options).await.unwrap_err();
        assert!(matches!(&error, CallError::Signing(SigningError::KeystoreUnreachable { .. })), "{error:?}");
        assert_eq!(error.outcome(), ham::Outcome::NotRun);
    });
}

#[test]
fn the_drop_in_signs_with_lair_too() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let url = conductor.lair_url().await.unwrap();
        // Files end with a line feed.
        let phrase = format!("{}\n", passphrase(conductor)).into_bytes();
        let config = HamConfig::new(conductor.admin_port(), 0, &app_id)
            .with_lair_signing(url.as_str(), phrase)
            .unwrap();
        let ham = Ham::connect(config).await.unwrap();
        let text: String = ham.call_zome("probe", "probe", "echo_text", "signed").await.unwrap();
        assert_eq!(text, "signed");
    });
}
