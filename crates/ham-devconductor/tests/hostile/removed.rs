//! Cells that are removed while something runs in them for ever: it ends, whoever waits is told, and nothing runs on.

use std::collections::HashMap;
use std::sync::Arc;

use ham_devconductor::{Config, FailureKind, Outcome};
use holochain_client::ClonedCell;
use holochain_types::app::{
    AppBundleSource, CreateCloneCellPayload, DeleteCloneCellPayload, DisableCloneCellPayload,
    EnableCloneCellPayload,
};
use holochain_types::prelude::{
    Call, CallTarget, CallTargetCell, CellId, CloneCellId, DnaModifiersOpt, SerializedBytes, UnsafeBytes,
};

use crate::apart::{begun, endless, logging};
use crate::budget::encoded;
use crate::support::{App, Server, fresh_name, nothing, payload, run, says};
use crate::zome::{self, Dna, GOOD, compile, import, module};

const REMOVED: &str = "The cell was removed while the call ran: nothing of it is left";

/// `run` never ends, `long` does, and `calls` makes the call that it is given, whatever comes of it.
fn dna() -> Dna {
    let long = format!(
        r#"(func (export "long") (param i32 i32) (result i64) (local $left i32)
        (drop (call $host (i32.const PLACE) (i32.const LENGTH))) (local.set $left (i32.const 20000000))
        (loop $on (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1))))) {GOOD})"#
    );
    let calls = format!(
        r#"(func (export "calls") (param $at i32) (param $length i32) (result i64)
        (drop (call $call (i32.add (local.get $at) (i32.const 2)) (i32.sub (local.get $length) (i32.const 2)))) {GOOD})"#
    );
    let imports = r#"(import "env" "__hc__call_1" (func $call (param i32 i32) (result i64)))"#;
    let coordinator = logging(imports, &format!("{}{long}{calls}", endless("run")));
    Dna { coordinator, ..Dna::good() }
}

/// The argument with which `calls` calls `run` of a cell.
fn call_of(cell: &CellId) -> Vec<u8> {
    let target = CallTarget::ConductorCell(CallTargetCell::OtherCell(cell.clone()));
    let call = Call::new(target, "zome".into(), "run".into(), None, nothing());
    let encoded = encoded(&vec![call]);
    assert!((32..256).contains(&encoded.len()), "its head has two bytes");
    encoded
}

async fn server() -> Server {
    Server::with(Config::default()).await
}

/// What the conductor's own agent is told of a call.
async fn told(server: &Server, cell: &CellId, function: &str, input: Vec<u8>) -> Outcome {
    server.conductor.observer().call(cell, "zome", function, input).await.unwrap().1
}

#[track_caller]
fn is_removed(outcome: &Outcome) {
    assert!(matches!(outcome, Outcome::Failed { kind: FailureKind::CellRemoved, .. }), "{outcome:?}");
}

async fn cloneable(server: &Server, dna: &Dna) -> App {
    let id = server.install_bytes(zome::cloned(&fresh_name(), dna)).await.unwrap();
    server.connect(&id).await
}

fn a_clone() -> CreateCloneCellPayload {
    let modifiers = DnaModifiersOpt::none().with_network_seed(fresh_name());
    CreateCloneCellPayload { role_name: "role 0".to_owned(), modifiers, membrane_proof: None, name: None }
}

fn id_of(clone: &ClonedCell) -> CloneCellId {
    CloneCellId::CloneId(clone.clone_id.clone())
}

async fn disable(app: &App, clone: &ClonedCell) {
    let payload = DisableCloneCellPayload { clone_cell_id: id_of(clone) };
    app.client.disable_clone_cell(payload).await.unwrap();
}

async fn delete(server: &Server, app: &App, clone: &ClonedCell) {
    disable(app, clone).await;
    let payload = DeleteCloneCellPayload { app_id: app.id.clone(), clone_cell_id: id_of(clone) };
    server.admin.delete_clone_cell(payload).await.unwrap();
}

/// Case: it ran for five minutes, and was told then.
#[test]
fn a_call_ends_with_its_app() {
    run(async |_| {
        let server = server().await;
        let mut watch = server.conductor.observer().watch().unwrap();
        let app = server.connect(&server.install(dna()).await.unwrap()).await;
        let removing = async {
            begun(&mut watch, "run").await;
            server.admin.uninstall_app(app.id.clone(), false).await.unwrap();
        };
        let (error, ()) = tokio::join!(app.call("run", ()), removing);
        says(&error.unwrap_err(), REMOVED);
        // It waits for what runs.
        server.conductor.shut_down().await;
    });
}

/// Case: as above. What another agent has in the same DNA stays, and it is served.
#[test]
fn a_call_ends_with_its_app_where_another_keeps_the_dna() {
    run(async |_| {
        let server = server().await;
        let mut watch = server.conductor.observer().watch().unwrap();
        let bundle = zome::same_app(&fresh_name(), &dna());
        let going = server.connect(&server.install_bytes(bundle.clone()).await.unwrap()).await;
        let staying = server.connect(&server.install_bytes(bundle).await.unwrap()).await;
        assert_eq!(going.cell.dna_hash(), staying.cell.dna_hash());
        let removing = async {
            begun(&mut watch, "run").await;
            server.admin.uninstall_app(going.id.clone(), false).await.unwrap();
        };
        let (error, ()) = tokio::join!(going.call("run", ()), removing);
        says(&error.unwrap_err(), REMOVED);
        staying.call("good", ()).await.unwrap();
        server.conductor.shut_down().await;
    });
}

/// As in `holochain`, where a cell that is stopped takes no more calls and ends none.
#[test]
fn a_call_ends_with_its_clone_and_not_before() {
    run(async |_| {
        let server = server().await;
        let mut watch = server.conductor.observer().watch().unwrap();
        let app = cloneable(&server, &dna()).await;
        let clone = app.client.create_clone_cell(a_clone()).await.unwrap();
        let input = || nothing().into_vec();
        let disabling = async {
            begun(&mut watch, "long").await;
            disable(&app, &clone).await;
        };
        let (answer, ()) = tokio::join!(told(&server, &clone.cell_id, "long", input()), disabling);
        assert!(matches!(answer, Outcome::Answered(_)), "{answer:?}");

        let payload = EnableCloneCellPayload { clone_cell_id: id_of(&clone) };
        app.client.enable_clone_cell(payload).await.unwrap();
        let deleting = async {
            begun(&mut watch, "run").await;
            delete(&server, &app, &clone).await;
        };
        let (error, ()) = tokio::join!(told(&server, &clone.cell_id, "run", input()), deleting);
        is_removed(&error);
        server.conductor.shut_down().await;
    });
}

#[test]
fn whoever_called_a_clone_that_is_deleted_goes_on() {
    run(async |_| {
        let server = server().await;
        let mut watch = server.conductor.observer().watch().unwrap();
        let app = cloneable(&server, &dna()).await;
        let clone = app.client.create_clone_cell(a_clone()).await.unwrap();
        let deleting = async {
            begun(&mut watch, "run").await;
            delete(&server, &app, &clone).await;
        };
        let calling = told(&server, &app.cell, "calls", call_of(&clone.cell_id));
        let (answer, ()) = tokio::join!(calling, deleting);
        assert!(matches!(answer, Outcome::Answered(_)), "{answer:?}");
        server.conductor.shut_down().await;
    });
}

#[test]
fn what_a_call_waits_for_ends_with_its_app() {
    run(async |_| {
        let server = server().await;
        let mut watch = server.conductor.observer().watch().unwrap();
        let app = server.connect(&server.install(dna()).await.unwrap()).await;
        let other = zome::app(&fresh_name(), &[dna()]);
        let mut payload = payload(AppBundleSource::Bytes(other.into()));
        payload.agent_key = Some(app.cell.agent_pubkey().clone());
        let other = server.admin.install_app(payload).await.unwrap().installed_app_id;
        server.admin.enable_app(other.clone()).await.unwrap();
        let (_, called) = server.client(&other, "role 0").await;
        let removing = async {
            begun(&mut watch, "run").await;
            server.admin.uninstall_app(app.id.clone(), false).await.unwrap();
        };
        let (error, ()) = tokio::join!(told(&server, &app.cell, "calls", call_of(&called)), removing);
        is_removed(&error);
        let good = told(&server, &called, "good", nothing().into_vec()).await;
        assert!(matches!(good, Outcome::Answered(_)), "{good:?}");
        server.conductor.shut_down().await;
    });
}

/// What never ends is the check of a clone that shows a proof.
#[test]
fn a_clone_that_is_being_made_ends_with_its_app() {
    run(async |_| {
        let server = server().await;
        let mut watch = server.conductor.observer().watch().unwrap();
        // `Ok(ExternIO(ValidateCallbackResult::Valid))`.
        let valid = (1024_u64 << 32) | 12;
        let check = format!(
            r#"(data (i32.const 1024) "\81\a2Ok\c4\06\a5Valid")
            (func (export "genesis_self_check_2") (param i32) (param $length i32) (result i64)
                (if (i32.gt_u (local.get $length) (i32.const {PROOF})) (then
                    (drop (call $host (i32.const PLACE) (i32.const LENGTH))) (loop $on (br $on))))
                (i64.const {valid}))"#
        );
        let coordinator = compile(&module(&import("trace_1"), ""));
        let app = cloneable(&server, &Dna { integrity: logging("", &check), coordinator }).await;
        let proof = SerializedBytes::from(UnsafeBytes::from(vec![0; PROOF]));
        let payload = CreateCloneCellPayload { membrane_proof: Some(Arc::new(proof)), ..a_clone() };
        let removing = async {
            begun(&mut watch, "genesis_self_check_2").await;
            server.admin.uninstall_app(app.id.clone(), false).await.unwrap();
        };
        let (made, ()) = tokio::join!(app.client.create_clone_cell(payload), removing);
        says(&crate::support::text(made.unwrap_err()), "the call was cut off: its cell, or");
        server.conductor.shut_down().await;
    });
}

/// Case: the check ran for five minutes, and whoever handed in the proof waited for it.
#[test]
fn an_app_that_is_given_its_proof_ends_with_its_removal() {
    run(async |_| {
        let server = server().await;
        let mut watch = server.conductor.observer().watch().unwrap();
        let dna = Dna { integrity: logging("", &endless("genesis_self_check_2")), ..Dna::good() };
        let bundle = zome::waiting(&fresh_name(), &dna);
        let installed =
            server.admin.install_app(payload(AppBundleSource::Bytes(bundle.into()))).await.unwrap();
        let id = installed.installed_app_id;
        let (client, _) = server.client(&id, "role 0").await;
        let removing = async {
            begun(&mut watch, "genesis_self_check_2").await;
            server.admin.uninstall_app(id.clone(), false).await.unwrap();
        };
        let (provided, ()) = tokio::join!(client.provide_memproofs(HashMap::new()), removing);
        says(&crate::support::text(provided.unwrap_err()), "the call was cut off: its cell, or");
        server.conductor.shut_down().await;
    });
}

/// Bytes; more than the check is told beside it.
const PROOF: usize = 4000;
