//! Installing from this process: what is known already, who is impatient, and what goes meanwhile.

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use ham_devconductor::{Config, Event, FailureKind, InstallError, Observer, Outcome};
use holochain_types::app::AppStatus;

use crate::support::{PATIENCE, Server, fresh_name, run, says};
use crate::zome::{Dna, app, function, module, same_app};

fn causes(error: &InstallError) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

async fn status(observer: &Observer, id: &str) -> Option<AppStatus> {
    let apps = observer.apps().await.unwrap();
    apps.into_iter().find(|app| app.installed_app_id == id).map(|app| app.status)
}

/// It was answered as if it were installed, and the old code ran.
#[test]
fn other_code_under_a_known_id_is_told() {
    run(async |server| {
        let (observer, id) = (server.conductor.observer(), fresh_name());
        let first = same_app(&id, &Dna::good());
        observer.install(first.clone(), None).await.unwrap();
        assert_eq!(observer.install(first.clone(), None).await.unwrap(), id);
        let other = Dna::with_coordinator(&module("", &function("(i64.const 0)")));
        for (bundle, is_dna) in [
            (same_app(&id, &other), false),
            (
                same_app(
                    &id,
                    &Dna::with_integrity(&module(
                        "",
                        r#"(func (export "more") (param i32 i32) (result i64) (i64.const 0))"#,
                    )),
                ),
                true,
            ),
        ] {
            match observer.install(bundle.clone(), None).await {
                Err(InstallError::OtherCode { is_other_dna, role, .. }) => {
                    assert_eq!((role.as_str(), is_other_dna), ("role 0", is_dna));
                }
                other => panic!("{is_dna}: {other:?}"),
            }
            // A program that opens its own directory goes on with what it has.
            assert_eq!(server.conductor.install(bundle, None).await.unwrap(), id);
        }
    });
}

/// One of twenty was told that the app is there already.
#[test]
fn twenty_who_install_one_app_at_once_all_have_it() {
    run(async |server| {
        let (observer, bundle) = (server.conductor.observer(), app(&fresh_name(), &[Dna::good()]));
        for installed in join_all((0..20).map(|_| observer.install(bundle.clone(), None))).await {
            installed.unwrap();
        }
    });
}

/// Whoever left amid it left an app that was disabled, or none.
#[test]
fn an_app_is_installed_and_enabled_though_nobody_waits() {
    run(async |server| {
        let (observer, id) = (server.conductor.observer(), fresh_name());
        assert!(observer.install(app(&id, &[Dna::good()]), None).now_or_never().is_none());
        while status(&observer, &id).await != Some(AppStatus::Enabled) {
            tokio::task::yield_now().await;
        }
    });
}

/// One of two million bytes was taken, and stood in every list.
#[test]
fn an_app_id_has_an_end() {
    run(async |server| {
        let observer = server.conductor.observer();
        let longest = "x".repeat(255);
        observer.install(app(&fresh_name(), &[Dna::good()]), Some(longest.clone())).await.unwrap();
        for id in [format!("{longest}x"), "x".repeat(2_000_000)] {
            let refused = observer.install(app(&fresh_name(), &[Dna::good()]), Some(id.clone())).await;
            says(&causes(&refused.unwrap_err()), "at most 255 are allowed");
            // Whoever names none has that of the manifest.
            let refused = observer.install(app(&id, &[Dna::good()]), None).await;
            says(&causes(&refused.unwrap_err()), "at most 255 are allowed");
        }
    });
}

/// It was told as a failure of the conductor, after which nobody knows what was written.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_cell_goes_meanwhile_says_so() {
    let server = Server::with(Config::default()).await;
    let body = module("", &function("(loop $on (br $on)) (i64.const 0)"));
    let id = server.install(Dna::with_coordinator(&body)).await.unwrap();
    let observer = server.conductor.observer();
    let cell = observer.running().unwrap().remove(0);
    let mut watch = observer.watch().unwrap();
    let nil = vec![0xc0];
    let calling = observer.call(&cell, "zome", "run", nil);
    let removing = async {
        while !matches!(watch.next().await, Some(Ok(told)) if matches!(told.event, Event::Began { .. })) {}
        server.admin.uninstall_app(id, false).await.unwrap();
    };
    let (called, ()) =
        tokio::time::timeout(PATIENCE, async { tokio::join!(calling, removing) }).await.unwrap();
    match called.unwrap().1 {
        Outcome::Failed { kind: FailureKind::CellRemoved, text, .. } => {
            says(&text, "removed while the call ran")
        }
        other => panic!("{other:?}"),
    }
    server.conductor.shut_down().await;
}
