//! What an app does without end keeps nobody else waiting.

use ham_devconductor::{CallId, Config, Event, Snapshot, Watch};
use holochain_types::app::AppBundleSource;
use holochain_types::prelude::{Level, TraceMsg};
use tokio::task::JoinSet;

use crate::budget::{encoded, with_input};
use crate::support::{Server, payload, run};
use crate::zome::{self, Dna, GOOD, compile, function, import, module};

/// What it logs and does without end.
pub(crate) fn endless(function: &str) -> String {
    format!(
        r#"(func (export "{function}") (param i32 i32) (result i64)
        (drop (call $host (i32.const PLACE) (i32.const LENGTH))) (loop $on (br $on)) (i64.const 0))"#
    )
}

pub(crate) fn logging(imports: &str, body: &str) -> Vec<u8> {
    let line = TraceMsg { msg: "begun".to_owned(), level: Level::INFO };
    compile(&with_input(&module(&format!("{}{imports}", import("trace_1")), body), &encoded(&line)))
}

/// Once a function logs; the call that it is.
pub(crate) async fn begun(watch: &mut Watch, function: &str) -> Option<CallId> {
    loop {
        let told = watch.next().await.unwrap().unwrap();
        match &told.event {
            Event::Log { call, function: logged, .. } if logged.0 == function => return *call,
            _ => {}
        }
    }
}

/// A conductor whose calls end when it goes back to the snapshot, and no sooner.
async fn server() -> (Server, Snapshot) {
    let server = Server::with(Config::default()).await;
    let before = server.conductor.snapshot().await.unwrap();
    (server, before)
}

/// Case: an uninstallation waited for the check, and whoever installed, enabled or cloned waited for the uninstallation.
#[test]
fn a_check_or_an_init_that_never_ends_keeps_no_other_app_waiting() {
    run(async |_| {
        let (server, before) = server().await;
        let mut watch = server.conductor.observer().watch().unwrap();
        let good = Dna::good();
        let checks = Dna { integrity: logging("", &endless("genesis_self_check_2")), ..good.clone() };
        let inits = Dna { coordinator: logging("", &endless("init")), ..good.clone() };
        let inits = server.install(inits).await.unwrap();

        let (port, hostile) = (server.conductor.admin_address(), zome::app("hostile", &[checks]));
        let (mut checked, mut initialized) = (JoinSet::new(), JoinSet::new());
        let checking = checked.spawn(async move {
            let admin = holochain_client::AdminWebsocket::connect(port, None).await.unwrap();
            admin.install_app(payload(AppBundleSource::Bytes(hostile.into()))).await.map(drop)
        });
        begun(&mut watch, "genesis_self_check_2").await;
        let (client, cell) = server.client(&inits, "role 0").await;
        let observer = server.conductor.observer();
        let initializing =
            initialized.spawn(async move { observer.call(&cell, "zome", "good", vec![0xc0]).await });
        begun(&mut watch, "init").await;

        for _ in 0..3 {
            let id = server.install(good.clone()).await.unwrap();
            let app = server.connect(&id).await;
            app.call("good", ()).await.unwrap();
            server.admin.list_apps(None).await.unwrap();
            server.admin.uninstall_app(id, false).await.unwrap();
            server.serves().await;
        }
        assert!(!checking.is_finished() && !initializing.is_finished(), "they were waited for");
        drop(client);
        server.conductor.revert(&before).await.unwrap();
        checked.join_next().await.unwrap().unwrap().unwrap_err();
        initialized.join_next().await.unwrap().unwrap().unwrap();
        server.conductor.shut_down().await;
    });
}

/// An app that schedules a function when `run` is called.
fn scheduling(name: &str, scheduled: &str) -> Dna {
    let schedule = r#"(import "env" "__hc__schedule_1" (func $schedule (param i32 i32) (result i64)))"#;
    let body = format!(
        r#"(data (i32.const 1024) "\a4{name}") {scheduled} {}"#,
        function(&format!("(drop (call $schedule (i32.const 1024) (i32.const 5))) {GOOD}"))
    );
    Dna { coordinator: logging(schedule, &body), ..Dna::good() }
}

/// Case: the schedules of all cells waited for it.
#[test]
fn a_scheduled_function_that_never_ends_keeps_no_other_schedule_waiting() {
    run(async |_| {
        let (server, before) = server().await;
        let mut watch = server.conductor.observer().watch().unwrap();
        let tick = format!(
            r#"(func (export "tick") (param i32 i32) (result i64)
            (drop (call $host (i32.const PLACE) (i32.const LENGTH))) {GOOD})"#
        );
        let mut apps = Vec::new();
        for dna in [scheduling("slow", &endless("slow")), scheduling("tick", &tick)] {
            apps.push(server.connect(&server.install(dna).await.unwrap()).await);
        }
        apps[0].call("run", ()).await.unwrap();
        let slow = begun(&mut watch, "slow").await.expect("a call");
        apps[1].call("run", ()).await.unwrap();
        loop {
            match &watch.next().await.unwrap().unwrap().event {
                Event::Ended { call, .. } => assert_ne!(*call, slow, "it was waited for"),
                Event::Log { function, .. } if function.0 == "tick" => break,
                _ => {}
            }
        }
        server.conductor.revert(&before).await.unwrap();
        server.conductor.shut_down().await;
    });
}
