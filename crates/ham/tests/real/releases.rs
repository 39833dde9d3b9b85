//! The conductor's release: found out by two requests, never guessed, and another one after an upgrade.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ham::{
    Admin, AdminError, AppInterface, BadAnswer, CallError, CallOptions, CallPolicy, Outcome, PersistentHam,
    Release, SigningError,
};
use ham_launcher::{
    Conductor, HappBundleSource, Install, InstallOptions, InstallSource, Release as Installed,
};
use ham_testkit::chaos::Proxy;
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
            .with_deadline(PATIENCE)
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
            let call = ham.prepare("probe", "probe", "create_item", item(&name), PATIENCE).await.unwrap();
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

/// The pair of an upgrade on the same data; `None` where one of the two cannot be had.
async fn upgrade() -> Option<(Install, Install)> {
    let (from, to) = (Installed::V0_7_0, Installed::V0_7_1);
    if install().await.source == InstallSource::Embedded {
        let embedded = Install::embedded_of_this_build().unwrap();
        return Some((embedded.clone().as_release(from), embedded.as_release(to)));
    }
    Some((Install::of_release_test(from).await.unwrap()?, Install::of_release_test(to).await.unwrap()?))
}

/// What a caller was told of a post.
struct Told {
    call_id: String,
    outcome: Outcome,
    wrote: bool,
}

/// Writes posts one after the other, through whatever happens, until `stop`.
async fn writing(ham: &PersistentHam, name: usize, stop: &AtomicBool) -> Vec<Told> {
    let mut told = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let call_id = format!("{name}-{}", told.len());
        let post = serde_json::json!({ "call_id": call_id, "amount": 1 });
        let options = CallOptions::default().with_policy(CallPolicy::Resume).with_deadline(PATIENCE);
        let wrote =
            ham.call_zome_with::<_, serde::de::IgnoredAny>("ledger", "ledger", "post", post, options).await;
        let outcome = wrote.as_ref().map_or_else(CallError::outcome, |_| Outcome::Answered);
        told.push(Told { call_id, outcome, wrote: wrote.is_ok() });
    }
    told
}

#[derive(serde::Deserialize)]
struct Post {
    call_id: String,
}

/// Whether what the callers were told is what the chain holds.
fn agree(told: &[Told], posts: &[Post]) {
    for Told { call_id, outcome, wrote } in told {
        let times = posts.iter().filter(|post| post.call_id == *call_id).count();
        assert!(times <= 1, "{call_id} ran twice");
        assert!(!wrote || times == 1, "{call_id} was acknowledged and is missing");
        assert!(*outcome != Outcome::NotRun || times == 0, "{call_id} was declared not run and is there");
    }
    assert!(told.iter().any(|told| told.wrote));
}

/// A conductor of 0.7.0 with the probe, to be replaced by one of 0.7.1.
async fn before_the_upgrade() -> Option<(Conductor, Install)> {
    let (from, to) = upgrade().await?;
    let bundle = HappBundleSource::Path(from.probe_bundle_path());
    let conductor = Conductor::builder().with_install(from).start().await.unwrap();
    conductor.install_app(&bundle, "upgraded", InstallOptions::default()).await.unwrap();
    conductor.enable("upgraded").await.unwrap();
    conductor.wait_until_callable("upgraded").await.unwrap();
    Some((conductor, to))
}

/// 0.7.0 is replaced by 0.7.1 on the same data, under a living connection that signs through the keystore: the next link
/// speaks the new words, and calls in flight have true outcomes.
#[test]
fn an_upgrade_under_a_living_connection_loses_nothing() {
    run_apart(async {
        let Some((mut conductor, to)) = before_the_upgrade().await else { return };
        let url = conductor.lair_url().await.unwrap();
        let passphrase = conductor.passphrase().unwrap().expose().to_owned();
        let lair = ham::LairSigning::new(url.as_str(), passphrase.into_bytes()).unwrap();
        let config = config(&conductor, "upgraded").with_signing(ham::Signing::Lair(lair));
        let ham = PersistentHam::connect(config).await.unwrap();
        assert_eq!(ham.release().await.unwrap(), Release::V0_7_0);

        let stop = AtomicBool::new(false);
        let writers = (0..2).map(|name| writing(&ham, name, &stop));
        let replacing = async {
            ham.call_zome::<_, serde::de::IgnoredAny>("ledger", "ledger", "total", ()).await.unwrap();
            conductor.replace(to).await.unwrap();
            ham.wait_until_callable("ledger", PATIENCE, |_| ()).await.unwrap();
            ham.call_zome::<_, serde::de::IgnoredAny>("ledger", "ledger", "total", ()).await.unwrap();
            stop.store(true, Ordering::Relaxed);
        };
        let (told, ()) = tokio::join!(futures_util::future::join_all(writers), replacing);
        let told: Vec<Told> = told.into_iter().flatten().collect();
        assert_eq!(ham.release().await.unwrap(), Release::V0_7_1);
        agree(&told, &ham.call_zome::<_, Vec<Post>>("ledger", "ledger", "list_posts", ()).await.unwrap());
        conductor.stop().await.unwrap();
    });
}

/// The same with a client key. A real 0.7.1 cannot read the grant that 0.7.0 wrote, and refuses every call with a secret for
/// that: this is told apart from a revocation, and nothing is written in vain. (The embedded one reads all its grants.)
#[test]
fn a_grant_that_the_next_release_cannot_read_is_told_as_that() {
    run_apart(async {
        let Some((mut conductor, to)) = before_the_upgrade().await else { return };
        let embedded = to.source == InstallSource::Embedded;
        let ham = connect(&conductor, "upgraded").await;
        let post = |call_id: &str| serde_json::json!({ "call_id": call_id, "amount": 1 });
        let call = async |ham: &PersistentHam, call_id: &str| {
            ham.call_zome::<_, serde::de::IgnoredAny>("ledger", "ledger", "post", post(call_id))
                .await
                .map(|_| ())
        };
        call(&ham, "before").await.unwrap();
        let cell = ham.callable("ledger").await.unwrap();
        conductor.replace(to).await.unwrap();
        let waited = ham.wait_until_callable("ledger", PATIENCE, |_| ()).await;
        let (first, second) = (call(&ham, "first").await, call(&ham, "second").await);
        if embedded {
            return assert!(waited.is_ok() && first.is_ok() && second.is_ok(), "{first:?} {second:?}");
        }
        let second = second.unwrap_err();
        assert!(matches!(second, CallError::Signing(SigningError::GrantUnreadable)), "{second:?}");
        assert_eq!(second.outcome(), Outcome::NotRun);
        // What the first one was told is true too: it was answered, and nothing is claimed of what it wrote.
        assert!(matches!(first.unwrap_err().outcome(), Outcome::Answered | Outcome::NotRun));
        // No other grant, and no post: what follows the unreadable grant is the one post from before the upgrade.
        let admin = ham.admin().unwrap();
        let mut readable = 0;
        for after in 0..16 {
            if let Ok(dump) = admin.dump_state(&cell, Some(after), Some(1)).await {
                readable += dump.matches("\"action_address\"").count();
            }
        }
        // Of the records behind the first: two of the genesis, the end of `init`, and the post.
        assert_eq!(readable, 4);
        conductor.stop().await.unwrap();
    });
}

/// 0.6 is replaced by 0.7.1 on new data, since nothing migrates: a role means another cell then.
#[test]
fn another_release_on_new_data_is_another_conductor() {
    run_apart(async {
        let (from, to) = (Installed::V0_6_3, Installed::V0_7_1);
        let pair = if install().await.source == InstallSource::Embedded {
            let embedded = Install::embedded_of_this_build().unwrap();
            Some((embedded.clone().as_release(from), embedded.as_release(to)))
        } else {
            match (Install::of_release_test(from).await.unwrap(), Install::of_release_test(to).await.unwrap())
            {
                (Some(from), Some(to)) => Some((from, to)),
                _ => None,
            }
        };
        let Some((from, to)) = pair else { return };
        let bundle = |install: &Install| HappBundleSource::Path(install.probe_bundle_path());
        let (old, new) = (bundle(&from), bundle(&to));
        let mut conductor = Conductor::builder().with_install(from).start().await.unwrap();
        let enabled = async |conductor: &Conductor, bundle| {
            conductor.install_app(bundle, "moved", Default::default()).await.unwrap();
            conductor.enable("moved").await.unwrap();
            conductor.wait_until_callable("moved").await.unwrap();
        };
        enabled(&conductor, &old).await;
        let ham = connect(&conductor, "moved").await;
        assert_eq!(ham.release().await.unwrap(), Release::V0_6);
        ham.call_zome::<_, serde::de::IgnoredAny>("probe", "probe", "create_item", item("old"))
            .await
            .unwrap();
        conductor.replace_without_data(to).await.unwrap();
        enabled(&conductor, &new).await;
        ham.wait_until_callable("probe", PATIENCE, |_| ()).await.unwrap();
        assert_eq!(ham.release().await.unwrap(), Release::V0_7_1);
        ham.call_zome::<_, serde::de::IgnoredAny>("probe", "probe", "create_item", item("new"))
            .await
            .unwrap();
        assert_eq!(call_ids(&ham).await, ["new"]);
        conductor.stop().await.unwrap();
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
