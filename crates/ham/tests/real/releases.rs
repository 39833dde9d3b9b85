//! The conductor's release: found out by two requests, never guessed.

use std::time::Duration;

use ham::{
    Admin, AdminError, AppInterface, BadAnswer, CallError, CallOptions, Outcome, PersistentHam, Release,
    SigningError,
};
use ham_launcher::{Conductor, Install};
use ham_testkit::chaos::Proxy;
use holochain_conductor_api::{AdminRequest, AdminResponse};
use url::Url;

use crate::support::*;

/// What ham has to find.
fn expected(install: &Install) -> Release {
    install.release().version().parse().unwrap()
}

/// Proxies before both interfaces, which count what passes.
struct Watched {
    admin: Proxy,
    app: Proxy,
}

impl Watched {
    async fn start(conductor: &Conductor, app_port: u16) -> Self {
        let admin = Proxy::start(conductor.admin_address()).await.unwrap();
        let app = Proxy::start(([127, 0, 0, 1], app_port).into()).await.unwrap();
        Self { admin, app }
    }

    /// Requests to the admin and to the app interface so far, authentication included.
    fn requests(&self) -> (u64, u64) {
        (self.admin.counters().frames_to_server, self.app.counters().frames_to_server)
    }

    fn config(&self, app_id: &str) -> ham::PersistentHamConfig {
        let url = |proxy: &Proxy| Url::parse(&format!("ws://{}", proxy.address())).unwrap();
        ham::PersistentHamConfig::new(url(&self.admin), app_id)
            .with_app(AppInterface::Url(url(&self.app)))
            .with_deadline(TIMEOUT)
    }
}

async fn watched(conductor: &Conductor, app_id: &str) -> Watched {
    let port = app_port(&connect(conductor, app_id).await).await;
    Watched::start(conductor, port).await
}

#[test]
fn the_release_is_found_by_two_requests_and_a_warm_call_costs_one() {
    run(async {
        let conductor = shared().await;
        let release = expected(&install().await);
        let app_id = app(conductor).await;
        let proxies = watched(conductor, &app_id).await;
        let ham = PersistentHam::connect(proxies.config(&app_id)).await.unwrap();

        let (_, before) = proxies.requests();
        let asked = futures_util::future::join_all((0..8).map(|_| ham.release())).await;
        assert!(asked.iter().all(|found| matches!(found, Ok(found) if *found == release)), "{asked:?}");
        assert_eq!(proxies.requests().1 - before, 2, "callers at the same time share the requests");

        let (before, _) = proxies.requests();
        let admin = ham.admin().unwrap();
        let asked = futures_util::future::join_all((0..8).map(|_| admin.release())).await;
        assert!(asked.iter().all(|found| matches!(found, Ok(found) if *found == release)), "{asked:?}");
        assert_eq!(proxies.requests().0 - before, 2);

        call_ids(&ham).await;
        let before = proxies.requests();
        for _ in 0..3 {
            ham.call_zome::<_, String>("probe", "probe", "echo_text", "warm").await.unwrap();
            refused(&ham, "fail", serde_json::json!("no")).await;
        }
        let after = proxies.requests();
        assert_eq!((after.0 - before.0, after.1 - before.1), (0, 6), "a request a call, nothing else");
    });
}

/// Case: the zomes of a DNA of 0.6 do not say that they are WASM, and its definition could not be read.
#[test]
fn the_definition_of_a_dna_is_read_on_every_release() {
    run(async {
        let conductor = shared().await;
        let ham = connect(conductor, &app(conductor).await).await;
        let cell = ham.callable("probe").await.unwrap();
        let request = AdminRequest::GetDnaDefinition(Box::new(cell));
        let answer = ham.admin().unwrap().request("get_dna_definition", "it reads", &request).await.unwrap();
        let AdminResponse::DnaDefinitionReturned(definition) = answer else { panic!("{answer:?}") };
        assert_eq!(definition.coordinator_zomes[0].0.0, "probe");
    });
}

#[test]
fn the_first_call_on_a_fresh_chain_costs_at_most_five_admin_requests_for_its_grant() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let proxies = watched(conductor, &app_id).await;
        let ham = PersistentHam::connect(proxies.config(&app_id)).await.unwrap();
        ham.admin().unwrap().list_apps(None).await.unwrap();
        let (before, _) = proxies.requests();
        ham.call_zome::<_, serde::de::IgnoredAny>("ledger", "ledger", "total", ()).await.unwrap();
        // Two for the release, one for the chain, one for the grant.
        assert_eq!(proxies.requests().0 - before, 4);
    });
}

/// A release that is named wrongly is told within a few requests, and nothing is written.
#[test]
fn another_release_than_the_named_one_is_told_and_nothing_is_granted() {
    run(async {
        let conductor = shared().await;
        let actual = expected(&install().await);
        // These two differ in nothing that a grant needs.
        let alike = |one, other| one >= Release::V0_7_1 && other >= Release::V0_7_1;
        let wrong = Release::ALL.into_iter().filter(|named| *named != actual && !alike(*named, actual));
        for named in wrong {
            let app_id = app(conductor).await;
            let proxies = watched(conductor, &app_id).await;
            let config = proxies.config(&app_id).with_release(Some(named));
            let ham = PersistentHam::connect(config).await.unwrap();
            let (before, _) = proxies.requests();
            let error = refused(&ham, "create_item", item("never")).await;
            let CallError::Signing(SigningError::Grant(AdminError::Answer {
                source: BadAnswer::OtherRelease { release, .. },
                ..
            })) = &error
            else {
                panic!("{named} on {actual}: {error:?}")
            };
            assert_eq!((*release, error.outcome()), (named, Outcome::NotRun));
            // A token, and what the grant took.
            assert!(proxies.requests().0 - before <= 5, "{named} on {actual}");
            let right = Admin::local(conductor.admin_port());
            let grants = right.grants(&app_id, true).await.unwrap();
            assert!(grants.iter().flat_map(|(_, grants)| grants).all(|grant| !grant.tag.starts_with("ham:")));
        }
    });
}

/// … and where a credential is there already, nothing is sent again on the word of a wrong name: 0.6 would run it twice.
#[test]
fn a_wrong_name_does_not_let_bytes_be_sent_again() {
    run(async {
        let conductor = shared().await;
        let actual = expected(&install().await);
        let app_id = app(conductor).await;
        let right = connect(conductor, &app_id).await;
        call_ids(&right).await;
        for named in Release::ALL.into_iter().filter(|named| *named != actual) {
            let config = config(conductor, &app_id).with_release(Some(named));
            let ham = PersistentHam::connect(config).await.unwrap();
            let name = format!("once, as {named}");
            let call = ham.prepare("probe", "probe", "create_item", item(&name), TIMEOUT).await.unwrap();
            ham.send_signed(&call, CallOptions::default()).await.unwrap();
            call_ids(&right).await;
            let again = ham.send_signed(&call, CallOptions::default()).await.unwrap_err();
            assert_eq!(again.outcome(), Outcome::Unknown, "{again:?}");
            let fenced = ham.fence(&call, None).await.unwrap_err();
            assert!(!fenced.is_retryable(), "{fenced:?}");
            assert_eq!(call_ids(&right).await.iter().filter(|id| **id == name).count(), 1);
        }
    });
}

#[test]
fn a_request_that_the_release_lacks_is_a_typed_error() {
    use holochain_conductor_api::{AdminRequest, AppRequest, AppStatusFilter};
    run(async {
        let release = expected(&install().await);
        let (_, ham) = connected().await;
        let admin = ham.admin().unwrap();
        let listed = admin.list_apps(Some(AppStatusFilter::AwaitingRestore)).await;
        let timings = || holochain_types::prelude::DnaHash::from_raw_36(vec![1; 36]);
        let direct = AdminRequest::GrantDirectSignalCapability {
            cell_id: holochain_client::CellId::new(
                timings(),
                holochain_types::prelude::AgentPubKey::from_raw_36(vec![1; 36]),
            ),
            tag: "t".into(),
            constraint: holochain_types::prelude::GrantConstraint::Unrestricted,
        };
        let granted = admin.request("direct", "nothing", &direct).await.unwrap_err();
        let dumped = AppRequest::DumpOpTimings { dna_hash: timings(), cursor: None, limit: Some(1) };
        let dumped = ham.app_request(&dumped).await.unwrap_err();
        assert_eq!(
            [
                matches!(&listed, Err(AdminError::NotInRelease { .. })),
                matches!(&dumped, CallError::NotInRelease { .. }),
                matches!(&granted, AdminError::NotInRelease { .. }),
            ],
            [release == Release::V0_6, release == Release::V0_6, release < Release::V0_7_1],
            "{listed:?} {dumped:?} {granted:?}"
        );
    });
}

/// Closed chains are looked at before a grant or a revocation wherever the conductor would write to them.
#[test]
fn nothing_is_granted_or_revoked_on_a_closed_chain() {
    run(async {
        let (app_id, ham) = connected().await;
        call_ids(&ham).await;
        let admin = ham.admin().unwrap();
        let grants = admin.grants(&app_id, false).await.unwrap();
        let (cell, ours) = grants
            .iter()
            .find_map(|(cell, grants)| {
                Some((cell, grants.iter().find(|grant| grant.tag.starts_with("ham:"))?))
            })
            .unwrap();
        ham.call_zome::<_, serde::de::IgnoredAny>("probe", "probe", "close_my_chain", ()).await.unwrap();
        let closed = admin.dump_state(cell, None, None).await.unwrap();
        let grant = ham::CapGrant {
            tag: "late".into(),
            access: ham::CapAccess::Unrestricted,
            functions: holochain_client::GrantedFunctions::All,
        };
        let granted = admin.grant_zome_call_capability(cell, &grant).await.unwrap_err();
        let revoked = admin.revoke_grant(cell.clone(), ours.action_hash.clone()).await.unwrap_err();
        for error in [granted, revoked] {
            assert_eq!(error.recovery(), ham::Recovery::FixCaller, "{error:?}");
        }
        let records = |dump: &str| dump.matches("\"action_address\"").count();
        let after = admin.dump_state(cell, None, None).await.unwrap();
        assert_eq!(records(&after), records(&closed), "nothing was written");
    });
}

/// A cell of 0.6 and 0.7.0 that is off does not say why; a chain of any length is one request there.
#[test]
fn a_starting_cell_is_waited_out_and_a_disabled_one_is_told_whatever_the_release_says() {
    run_apart(async {
        let mut conductor = start().await;
        let app_id = app(&conductor).await;
        let ham = connect(&conductor, &app_id).await;
        call_ids(&ham).await;
        conductor.kill().await.unwrap();
        conductor.restart().await.unwrap();
        // The port accepts before the cells run.
        ham.call_zome::<_, serde::de::IgnoredAny>("probe", "probe", "create_item", item("early"))
            .await
            .unwrap();
        ham.admin().unwrap().disable_app(&app_id).await.unwrap();
        let options = CallOptions::default().with_deadline(Duration::from_secs(60));
        let off = ham
            .call_zome_with::<_, serde::de::IgnoredAny>("probe", "probe", "create_item", item("off"), options)
            .await
            .unwrap_err();
        assert!(
            matches!(&off, CallError::CellNotRunning { reason: ham::NotRunning::AppDisabled(_), .. }),
            "{off:?}"
        );
        conductor.stop().await.unwrap();
    });
}
