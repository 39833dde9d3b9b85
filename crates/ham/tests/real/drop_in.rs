//! Rows of `drop-in.md` that need a true conductor: signing that is proven, errors that name their cause, any time-out.

use std::time::{Duration, SystemTime};

use ham::{
    CallError, CallOptions, CapGrantInfo, CapGrantOptIn, ConnectError, Ham, HamConfig, LairCredentials,
    Outcome, PersistentHam, SigningError, SigningPolicy, is_connection_error, is_request_timeout,
    is_source_chain_pressure,
};
use ham_launcher::Conductor;
use ham_persistent::{SystemWallClock, WallClock};

use crate::support::*;

fn drop_in(conductor: &Conductor, app_id: &str) -> HamConfig {
    HamConfig::new(conductor.admin_port(), 0, app_id)
}

/// `{e}` says everything, and `{e:#}` nothing more.
fn one_line(error: &anyhow::Error) -> String {
    let line = error.to_string();
    assert_eq!(format!("{error:#}"), line);
    line
}

/// The most grants of ham's that one cell of the app has: connecting grants on its first one, a call on the one it calls.
async fn hams_grants(conductor: &Conductor, app_id: &str) -> usize {
    let cells = ham::Admin::local(conductor.admin_port()).grants(app_id, true).await.unwrap();
    let hams = |grants: &[CapGrantInfo]| grants.iter().filter(|grant| grant.tag.starts_with("ham:")).count();
    cells.iter().map(|(_, grants)| hams(grants)).max().unwrap_or_default()
}

/// Row "`HamConfig::new(…)` alone, the document's example".
#[test]
fn the_documents_example_connects_with_one_reused_grant() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        for _ in 0..3 {
            let ham = Ham::connect(drop_in(conductor, &app_id).with_request_timeout_secs(120)).await.unwrap();
            ham.ping().await.unwrap();
            let text: String = ham.call_zome("probe", "probe", "echo_text", "signed").await.unwrap();
            assert_eq!(text, "signed");
        }
        assert_eq!(hams_grants(conductor, &app_id).await, 1);
    });
}

/// Rows "on a node whose keystore is in the conductor's process" and "no keystore files": the fallback connects.
#[test]
fn a_permitted_fallback_connects_with_a_grant() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let node = tempfile::tempdir().unwrap();
        let credentials = || LairCredentials::Node {
            conductor_config: node.path().join("conductor-config.yaml"),
            passphrase_file: node.path().join("lair-passphrase"),
        };
        for config in [None, Some("keystore:\n  type: lair_server_in_proc\n  lair_root: null\n")] {
            if let Some(config) = config {
                std::fs::write(node.path().join("conductor-config.yaml"), config).unwrap();
            }
            let policy = SigningPolicy::resolve(credentials(), CapGrantOptIn::Permitted).unwrap();
            assert_eq!(policy.label(), "client");
            let ham = Ham::connect(policy.apply(drop_in(conductor, &app_id))).await.unwrap();
            let _: String = ham.call_zome("probe", "probe", "echo_text", "x").await.unwrap();
        }
        assert_eq!(hams_grants(conductor, &app_id).await, 1);
    });
}

/// The error of a connect that fails to sign.
async fn unsigned(config: HamConfig) -> SigningError {
    let error = Ham::connect(config).await.unwrap_err();
    let line = one_line(&error);
    assert!(line.starts_with("Failed to sign with the lair keystore: "), "{line}");
    assert!(!line.contains("secret") && !is_connection_error(&error), "{line}");
    match error.downcast_ref::<ConnectError>().unwrap().inner() {
        ConnectError::Signing(signing) => signing.clone(),
        other => panic!("{other:?}"),
    }
}

/// Row "a keystore that is absent or has another passphrase"; and one that does not hold the agent's key.
#[test]
fn a_keystore_that_cannot_sign_fails_the_connect() {
    run_apart(async {
        let (conductor, other) = (start().await, start().await);
        let app_id = app(&conductor).await;
        let lair = |url: &str, phrase: &str| {
            drop_in(&conductor, &app_id).with_lair_signing(url, phrase.as_bytes().to_vec()).unwrap()
        };
        let url = conductor.lair_url().await.unwrap();
        let phrase = conductor.passphrase().unwrap().expose();

        let wrong = unsigned(lair(url.as_str(), "wrong-secret")).await;
        assert!(matches!(wrong, SigningError::BadPassphrase { .. }), "{wrong:?}");
        let absent = unsigned(lair(&url.as_str().replace("socket", "no-socket"), "secret")).await;
        assert!(matches!(absent, SigningError::KeystoreUnreachable { .. }), "{absent:?}");
        let foreign = other.lair_url().await.unwrap();
        let foreign = unsigned(lair(foreign.as_str(), other.passphrase().unwrap().expose())).await;
        assert!(matches!(foreign, SigningError::NoKey(_)), "{foreign:?}");

        Ham::connect(lair(url.as_str(), phrase)).await.unwrap();
        assert_eq!(hams_grants(&conductor, &app_id).await, 0);
        conductor.stop().await.unwrap();
        other.stop().await.unwrap();
    });
}

/// The same row for client keys: a grant that was revoked in the meantime.
#[test]
fn a_revoked_grant_fails_the_connect() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let config = drop_in(conductor, &app_id);
        let cell = Ham::connect(config.clone()).await.unwrap().cell_id().clone();
        let admin = ham::Admin::local(conductor.admin_port());
        let grants = admin.grants(&app_id, false).await.unwrap();
        let granted = grants.iter().find(|(granted, _)| *granted == cell).unwrap();
        let ours = granted.1.iter().find(|grant| grant.tag.starts_with("ham:")).unwrap();
        admin.revoke_grant(cell, ours.action_hash.clone()).await.unwrap();
        let error = Ham::connect(config).await.unwrap_err();
        let line = one_line(&error);
        assert!(line.starts_with("Failed to authorize signing credentials: "), "{line}");
        assert!(line.contains("revoked"), "{line}");
    });
}

/// Row "`format!("{e}")` of a failed `call_zome`, `ping`, `app_info`".
#[test]
fn every_error_names_its_cause_in_one_line() {
    run_apart(async {
        let conductor = start().await;
        let app_id = app(&conductor).await;
        let ham = Ham::connect(drop_in(&conductor, &app_id)).await.unwrap();
        let guest = ham.call_zome::<_, ()>("probe", "probe", "fail", "the guest's words").await.unwrap_err();
        let line = one_line(&guest);
        assert!(line.starts_with("Failed to call zome: ") && line.contains("the guest's words"), "{line}");
        let call = guest.downcast_ref::<CallError>().unwrap();
        assert_eq!(call.outcome(), Outcome::Answered);
        assert!(matches!(call.inner(), CallError::Refused { .. }), "{call:?}");
        assert!(!is_connection_error(&guest) && !is_request_timeout(&guest));
        assert!(!is_source_chain_pressure(&guest));

        conductor.kill().await.unwrap();
        let call = ham.call_zome::<_, ()>("probe", "probe", "echo_text", "x").await.unwrap_err();
        let probe = ham.ping().await.unwrap_err();
        let info = ham.app_info().await.unwrap_err();
        for (error, doing) in [
            (&call, "Failed to call zome: "),
            (&probe, "Failed to probe app_info: "),
            (&info, "Failed to get app info: "),
        ] {
            let line = one_line(error);
            assert!(line.starts_with(&format!("{doing}Websocket error: Websocket closed: ")), "{line}");
            assert!(is_connection_error(error), "{line}");
            // The text alone says so too.
            assert!(is_connection_error(&anyhow::anyhow!("{line}")), "{line}");
        }
    });
}

/// Row "`request_timeout_secs(3600)`".
#[test]
fn any_request_timeout_is_taken() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        for secs in [3_600, u64::MAX] {
            let config = drop_in(conductor, &app_id).with_request_timeout_secs(secs);
            let ham = Ham::connect(config).await.unwrap();
            let text: String = ham.call_zome("probe", "probe", "echo_text", "patient").await.unwrap();
            assert_eq!(text, "patient");
        }
        let config = PersistentHam::connect(config(conductor, &app_id).with_deadline(Duration::MAX));
        let ham = config.await.unwrap();
        assert!(call_ids(&ham).await.is_empty());
        let call = ham.prepare("probe", "probe", "echo_text", "x", Duration::MAX).await.unwrap();
        let longest = SystemWallClock.now() + ham::MAX_NONCE_LIFE;
        let longest = longest.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert!(i128::from(call.expires_at().as_micros()) <= i128::try_from(longest.as_micros()).unwrap());
        ham.send_signed(&call, CallOptions::default().with_deadline(Duration::MAX)).await.unwrap();
    });
}
