//! A conductor that is replaced by one of another release under a living connection.

use std::sync::atomic::{AtomicBool, Ordering};

use ham::{CallError, CallOptions, CallPolicy, Outcome, PersistentHam, Release, SigningError};
use ham_launcher::{
    Conductor, HappBundleSource, Install, InstallOptions, InstallSource, Release as Installed,
};

use crate::support::*;

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
        let options = CallOptions::default().with_policy(CallPolicy::Resume).with_deadline(TIMEOUT);
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
            ham.wait_until_callable("ledger", TIMEOUT, |_| ()).await.unwrap();
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
        let waited = ham.wait_until_callable("ledger", TIMEOUT, |_| ()).await;
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
        ham.wait_until_callable("probe", TIMEOUT, |_| ()).await.unwrap();
        assert_eq!(ham.release().await.unwrap(), Release::V0_7_1);
        ham.call_zome::<_, serde::de::IgnoredAny>("probe", "probe", "create_item", item("new"))
            .await
            .unwrap();
        assert_eq!(call_ids(&ham).await, ["new"]);
        conductor.stop().await.unwrap();
    });
}
