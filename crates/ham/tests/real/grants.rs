//! Signing with keys of ham's own: one grant per cell, whatever happens.

use ham::{CallError, ClientKeySigning, Outcome, PersistentHam, Signing, SigningError};
use ham_testkit::chaos::{Direction, Event, Proxy};
use holochain_types::prelude::{CreateCloneCellPayload, DnaModifiersOpt};
use url::Url;

use crate::support::*;

/// The grants that ham wrote for an app.
pub(crate) async fn grants_of(ham: &PersistentHam) -> Vec<String> {
    let app_id = ham.config().app_id.clone();
    let grants = ham.admin().unwrap().grants(app_id, true).await.unwrap();
    let tags = grants.into_iter().flat_map(|(_, grants)| grants).map(|grant| grant.tag);
    tags.filter(|tag| tag.starts_with("ham:")).collect()
}

pub(crate) fn stored(path: &std::path::Path) -> Signing {
    Signing::ClientKeys(ClientKeySigning::default().with_store(path))
}

#[test]
fn reconnecting_and_new_clients_write_no_further_grant() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let mut seen = Vec::new();
        for _ in 0..3 {
            let ham = connect(conductor, &app_id).await;
            let calls = (0..8).map(|_| call_ids(&ham));
            futures_util::future::join_all(calls).await;
            let interfaces = ham.admin().unwrap().list_app_interfaces().await.unwrap().len();
            seen.push((grants_of(&ham).await, interfaces));
            ham.close().await;
        }
        assert_eq!(seen[0].0.len(), 1);
        assert!(seen.iter().all(|round| *round == seen[0]), "{seen:?}");
    });
}

#[test]
fn a_credential_file_keeps_the_grant_across_processes() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let dir = tempfile::tempdir().unwrap();
        // Different files stand for different processes' memories; the second one is a copy of what the first left.
        let (first, second) = (dir.path().join("first"), dir.path().join("second"));
        let ham =
            PersistentHam::connect(config(conductor, &app_id).with_signing(stored(&first))).await.unwrap();
        call_ids(&ham).await;
        std::fs::copy(&first, &second).unwrap();
        let again =
            PersistentHam::connect(config(conductor, &app_id).with_signing(stored(&second))).await.unwrap();
        call_ids(&again).await;
        assert_eq!(grants_of(&again).await.len(), 1);
    });
}

#[test]
fn a_grant_whose_answer_was_lost_is_found_by_its_tag() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let proxy = Proxy::start(conductor.admin_address()).await.unwrap();
        let ham = through(&proxy, &app_id).await;
        let cutting = async {
            grant_is_out(&proxy).await;
            proxy.cut_now();
        };
        let (ids, ()) = tokio::join!(call_ids(&ham), cutting);
        assert!(ids.is_empty());
        assert_eq!(grants_of(&connect(conductor, &app_id).await).await.len(), 1);
    });
}

/// A connection whose admin interface is behind the proxy, and its app interface with it.
async fn through(proxy: &Proxy, app_id: &str) -> PersistentHam {
    let admin = Url::parse(&format!("ws://{}", proxy.address())).unwrap();
    let config = ham::PersistentHamConfig::new(admin, app_id).with_deadline(TIMEOUT);
    PersistentHam::connect(config).await.unwrap()
}

/// Resolves when the conductor has been handed the request to grant: the one admin request that carries a secret, a key
/// and a cell, and so the only one of this size.
async fn grant_is_out(proxy: &Proxy) {
    let grant = |event: &Event| matches!(event, Event::Frame { direction: Direction::ToServer, header, .. } if header.length > 350);
    proxy.events().wait_for_within(TIMEOUT, grant).await.unwrap();
}

#[test]
fn a_grant_that_the_conductor_answered_with_an_error_is_not_written_twice() {
    run_apart(async {
        // A conductor of its own: the first grant waits for the first compilation of the zomes, long enough to
        // disable the app in between. Whether the grant is written by then is the conductor's business; whichever
        // error it answers with, there must be one grant in the end.
        let conductor = start().await;
        let app_id = app(&conductor).await;
        let proxy = Proxy::start(conductor.admin_address()).await.unwrap();
        let ham = through(&proxy, &app_id).await;
        let direct = ham::Admin::local(conductor.admin_port());
        let disabling = async {
            grant_is_out(&proxy).await;
            direct.disable_app(&app_id).await.unwrap();
        };
        let (error, ()) = tokio::join!(refused(&ham, "create_item", item("g")), disabling);
        assert_eq!(error.outcome(), Outcome::NotRun, "{error:?}");
        direct.enable_app(&app_id).await.unwrap();
        ham.wait_until_callable("probe", TIMEOUT, |_| ()).await.unwrap();
        assert!(call_ids(&ham).await.is_empty());
        assert_eq!(grants_of(&ham).await.len(), 1);
        ham.close().await;
        conductor.stop().await.unwrap();
    });
}

#[test]
fn nothing_is_granted_on_a_closed_chain_or_beyond_the_budget() {
    run(async {
        let conductor = shared().await;
        let (app_id, ham) = connected().await;
        let none = Signing::ClientKeys(
            ClientKeySigning::default().with_budget(0).with_store("/nonexistent/never-written"),
        );
        let poor = PersistentHam::connect(config(conductor, &app_id).with_signing(none)).await.unwrap();
        let error = refused(&poor, "create_item", item("p")).await;
        assert!(matches!(error, CallError::Signing(SigningError::GrantForbidden(_))), "{error:?}");

        ham.call_zome::<_, serde::de::IgnoredAny>("probe", "probe", "close_my_chain", ()).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let signing = stored(&dir.path().join("credentials"));
        let late = PersistentHam::connect(config(conductor, &app_id).with_signing(signing)).await.unwrap();
        let error = refused(&late, "create_item", item("l")).await;
        assert!(matches!(error, CallError::Signing(SigningError::ChainClosed)), "{error:?}");
        assert_eq!(grants_of(&ham).await.len(), 1);
    });
}

#[test]
fn a_revoked_grant_stays_revoked() {
    run(async {
        let (app_id, ham) = connected().await;
        call_ids(&ham).await;
        let admin = ham.admin().unwrap();
        let grants = admin.grants(&app_id, false).await.unwrap();
        let (cell, grant) = grants
            .iter()
            .find_map(|(cell, grants)| {
                grants.iter().find(|grant| grant.tag.starts_with("ham:")).map(|grant| (cell.clone(), grant))
            })
            .unwrap();
        admin.revoke_grant(cell, grant.action_hash.clone()).await.unwrap();
        let error = refused(&ham, "create_item", item("r")).await;
        assert!(error.to_string().contains("BadCapGrant") && !error.to_string().contains("Some("), "{error}");
        let denied = refused(&ham, "create_item", item("r")).await;
        assert!(matches!(denied, CallError::Signing(SigningError::GrantForbidden(_))), "{denied:?}");
        assert_eq!(grants_of(&ham).await.len(), 1);
    });
}

#[test]
fn a_clones_grant_is_found_again_though_the_conductor_does_not_list_it() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let dir = tempfile::tempdir().unwrap();
        let (first, second) = (dir.path().join("first"), dir.path().join("second"));
        let ham =
            PersistentHam::connect(config(conductor, &app_id).with_signing(stored(&first))).await.unwrap();
        let clone = ham
            .create_clone(CreateCloneCellPayload {
                role_name: "probe".into(),
                modifiers: DnaModifiersOpt::none().with_network_seed(app_id.clone() + "-clone"),
                membrane_proof: None,
                name: None,
            })
            .await
            .unwrap();
        let tags = |ham: PersistentHam| {
            let clone = clone.clone_id.clone();
            async move {
                let grants: Vec<Grant> = ham.call_zome(clone, "probe", "list_grants", ()).await.unwrap();
                grants.into_iter().filter(|grant| grant.tag.starts_with("ham:")).count()
            }
        };
        assert_eq!(tags(ham.clone()).await, 1);
        std::fs::copy(&first, &second).unwrap();
        let again =
            PersistentHam::connect(config(conductor, &app_id).with_signing(stored(&second))).await.unwrap();
        assert_eq!(tags(again).await, 1);
    });
}

#[derive(serde::Deserialize)]
struct Grant {
    tag: String,
}
