//! Zomes that clone, and clones that are switched on and off at once.

use std::num::NonZeroU64;
use std::time::Duration;

use futures_util::future::join;
use ham_devconductor::{Config, Limits};
use holochain_client::{CellInfo, ClonedCell};
use holochain_types::app::{CreateCloneCellPayload, DisableCloneCellPayload, EnableCloneCellPayload};
use holochain_types::prelude::{
    AgentPubKey, CellId, CloneCellId, CreateCloneCellInput, DnaHash, DnaModifiersOpt, ExternIO,
    YamlProperties,
};

use crate::budget::encoded;
use crate::support::{App, Server, fresh_name, run, says};
use crate::zome::{self, Dna, GOOD, compile, function, import, module};

/// How often `run` clones.
const CLONES: usize = 8;

/// What it clones with: all that it is called with, one after the other.
fn inputs(cell: &CellId) -> Vec<Vec<u8>> {
    let input = |number: usize| CreateCloneCellInput {
        cell_id: cell.clone(),
        modifiers: DnaModifiersOpt::<YamlProperties>::none().with_network_seed(format!("seed {number}")),
        membrane_proof: None,
        name: None,
    };
    (0..CLONES).map(|number| encoded(&input(number))).collect()
}

/// An app whose `run` clones its cell, and whose cells begin with so many turns of a loop.
async fn cloning(server: &Server, turns: u32) -> App {
    let anybody = CellId::new(DnaHash::from_raw_32(vec![1; 32]), AgentPubKey::from_raw_32(vec![1; 32]));
    let size = inputs(&anybody)[0].len();
    let body = function(&format!(
        "(local $left i32) (local.set $left (i32.const {CLONES})) (local.set $at (i32.add (local.get $at) (i32.const 3)))
        (loop $on
            (drop (call $host (local.get $at) (i32.const {size})))
            (local.set $at (i32.add (local.get $at) (i32.const {size})))
            (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        {GOOD}"
    ));
    // `Ok(ExternIO(ValidateCallbackResult::Valid))`.
    let valid = (1024_u64 << 32) | 12;
    let check = format!(
        r#"(data (i32.const 1024) "\81\a2Ok\c4\06\a5Valid")
        (func (export "genesis_self_check_2") (param i32 i32) (result i64)
            (local $left i32) (local.set $left (i32.const {turns}))
            (loop $on (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            (i64.const {valid}))"#
    );
    let dna = Dna {
        integrity: compile(&module("", &check)),
        coordinator: compile(&module(&import("create_clone_cell_1"), &body)),
    };
    let id = server.install_bytes(zome::cloned(&fresh_name(), &dna)).await.unwrap();
    server.connect(&id).await
}

/// Calls `run`.
async fn clones(app: &App) -> Result<ExternIO, String> {
    let input = inputs(&app.cell).concat();
    assert!((256..65_536).contains(&input.len()), "its head has three bytes");
    app.send(app.sign(&app.params("run", ExternIO::from(input)))).await
}

async fn enabled(server: &Server, app: &App) -> Vec<ClonedCell> {
    let (client, _) = server.client(&app.id, "role 0").await;
    let cells = client.cached_app_info().cell_info["role 0"].iter().filter_map(|cell| match cell {
        CellInfo::Cloned(clone) if clone.enabled => Some(clone.clone()),
        _ => None,
    });
    cells.collect()
}

/// Case: each clone had a budget of its own.
#[test]
fn what_a_call_clones_draws_on_its_budget() {
    run(async |_| {
        let limits = Limits::default().with_fuel(NonZeroU64::new(100_000_000).unwrap());
        let server = Server::with(Config::default().with_limits(limits)).await;
        let app = cloning(&server, 20_000_000).await;
        says(&clones(&app).await.expect_err("eight times as much"), "100000000 instructions (--fuel)");
        assert!(enabled(&server, &app).await.len() < CLONES);
        server.serves().await;
        server.conductor.shut_down().await;
    });
}

/// Case: no app could be installed, because the check before its chain counted as a call that another waits for.
#[test]
fn where_no_call_may_wait_for_another_apps_are_installed_and_cloned() {
    run(async |_| {
        let server = Server::with(Config::default().with_limits(Limits::default().with_depth(0))).await;
        let app = cloning(&server, 1).await;
        clones(&app).await.unwrap();
        assert_eq!(enabled(&server, &app).await.len(), CLONES);
        server.serves().await;
        server.conductor.shut_down().await;
    });
}

/// Case: what was said of a clone or an app and what ran were not the same.
#[test]
fn what_is_switched_on_and_off_at_once_runs_as_its_app_says() {
    run(async |_| {
        let server = Server::with(Config::default()).await;
        let app = cloning(&server, 1).await;
        let modifiers = DnaModifiersOpt::none().with_network_seed("switched".to_owned());
        let role_name = "role 0".to_owned();
        let payload = CreateCloneCellPayload { role_name, modifiers, membrane_proof: None, name: None };
        let clone = app.client.create_clone_cell(payload).await.unwrap();
        let id = || CloneCellId::CloneId(clone.clone_id.clone());
        for round in 0..50 {
            let on = app.client.enable_clone_cell(EnableCloneCellPayload { clone_cell_id: id() });
            let off = app.client.disable_clone_cell(DisableCloneCellPayload { clone_cell_id: id() });
            // What is off already is not switched off.
            let (on, _) = join(on, off).await;
            on.unwrap();
            let says = !enabled(&server, &app).await.is_empty();
            let runs = server.admin.list_cell_ids().await.unwrap().contains(&clone.cell_id);
            assert_eq!(says, runs, "the clone, round {round}");
        }
        for round in 0..50 {
            let on = server.admin.enable_app(app.id.clone());
            let off = server.admin.disable_app(app.id.clone());
            let clone_on = app.client.enable_clone_cell(EnableCloneCellPayload { clone_cell_id: id() });
            let (on, (off, clone_on)) = join(on, join(off, clone_on)).await;
            on.unwrap();
            off.unwrap();
            clone_on.unwrap();
            let listed = server.admin.list_apps(None).await.unwrap();
            let listed = listed.iter().find(|listed| listed.installed_app_id == app.id).unwrap();
            let says = listed.status == holochain_types::app::AppStatus::Enabled;
            let running = server.admin.list_cell_ids().await.unwrap();
            let runs = [&app.cell, &clone.cell_id].map(|cell| running.contains(cell));
            assert_eq!([says; 2], runs, "the app, round {round}");
            app.client.disable_clone_cell(DisableCloneCellPayload { clone_cell_id: id() }).await.unwrap();
        }
        tokio::time::timeout(Duration::from_secs(60), server.conductor.shut_down()).await.unwrap();
    });
}
