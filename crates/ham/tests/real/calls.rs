//! Calls and the cells they are for.

use std::time::Duration;

use ham::{CallError, CallOptions, CallPolicy, CallTarget, Effect, NotRunning, Outcome, PersistentHam};
use ham_launcher::InstallOptions;
use holochain_types::prelude::{
    AppBundleSource, CloneCellId, CreateCloneCellPayload, DisableCloneCellPayload, DnaModifiersOpt,
    EnableCloneCellPayload, ExternIO, MemproofMap, SerializedBytes, UnsafeBytes,
};
use serde_json::json;

use crate::support::*;

#[test]
fn answers_are_typed_and_every_role_can_be_called() {
    run(async {
        let (_, ham) = connected().await;
        let text: String = ham.call_zome("probe", "probe", "echo_text", "hello").await.unwrap();
        assert_eq!(text, "hello");
        let posted = json!({ "call_id": "p", "amount": 7 });
        ham.call_zome::<_, serde::de::IgnoredAny>("ledger", "ledger", "post", posted).await.unwrap();
        assert_eq!(ham.call_zome::<_, u64>("ledger", "ledger", "total", ()).await.unwrap(), 7);
        let cell = ham.callable("ledger").await.unwrap();
        assert_eq!(ham.call_zome::<_, u64>(CallTarget::Cell(cell), "ledger", "total", ()).await.unwrap(), 7);
        assert!(ham.ping().await.unwrap() < TIMEOUT);
    });
}

#[test]
fn an_error_answer_says_what_it_left_on_the_chain() {
    run(async {
        let (_, ham) = connected().await;
        let invalid = json!({ "call_id": "i", "body": "invalid" });
        let cases = [
            ("fail", json!("no")),
            ("panic_now", json!(null)),
            ("create_then_fail", json!({ "call_id": "f" })),
            ("create_item", invalid),
            ("create_item", json!(5)),
            ("no_such_function", json!(null)),
        ];
        for (function, payload) in cases {
            let error = refused(&ham, function, payload).await;
            assert_eq!(
                (error.outcome(), error.effect()),
                (Outcome::Answered, Effect::Nothing),
                "{function}: {error:?}"
            );
        }
        assert!(call_ids(&ham).await.is_empty());
    });
}

#[test]
fn the_error_of_a_nested_call_is_not_taken_for_our_own_cells() {
    run(async {
        let conductor = shared().await;
        let asleep = installed(conductor).await;
        let (_, ham) = connected().await;
        let other = ham.admin().unwrap().list_apps(None).await.unwrap();
        let other = other.iter().find(|app| app.installed_app_id == asleep).unwrap();
        let Some(holochain_client::CellInfo::Provisioned(cell)) = other.cell_info["probe"].first() else {
            panic!("no cell")
        };
        let payload = CallOther {
            cell_id: cell.cell_id.clone(),
            zome: "probe".into(),
            function: "count_items".into(),
            payload: ExternIO::encode(()).unwrap(),
        };
        let error = ham
            .call_zome::<_, serde::de::IgnoredAny>("probe", "probe", "call_other_cell", &payload)
            .await
            .unwrap_err();
        let CallError::Refused { refusal, .. } = &error else { panic!("{error:?}") };
        let off = ["CellNotRunning", "CellDisabled"];
        assert!(off.iter().any(|off| refusal.text().contains(off)), "{refusal}");
        assert_eq!(error.outcome(), Outcome::Answered);
    });
}

#[derive(Debug, serde::Serialize)]
struct CallOther {
    cell_id: holochain_client::CellId,
    zome: String,
    function: String,
    payload: ExternIO,
}

#[test]
fn a_call_into_another_cell_commits_there() {
    run(async {
        let (_, ham) = connected().await;
        let payload = json!({ "call_id": "n", "amount": 3 });
        ham.call_zome::<_, serde::de::IgnoredAny>("probe", "probe", "call_ledger", payload).await.unwrap();
        assert_eq!(ham.call_zome::<_, u64>("ledger", "ledger", "total", ()).await.unwrap(), 3);
    });
}

#[test]
fn a_disabled_app_is_told_at_once_with_its_reason() {
    run(async {
        let (app_id, ham) = connected().await;
        ham.call_zome::<_, usize>("probe", "probe", "count_items", ()).await.unwrap();
        ham.admin().unwrap().disable_app(&app_id).await.unwrap();
        let error = refused(&ham, "create_item", item("d")).await;
        let CallError::CellNotRunning { reason: NotRunning::AppDisabled(_), .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!((error.outcome(), error.effect()), (Outcome::NotRun, Effect::Nothing));
        let waited = ham.wait_until_callable("probe", Duration::from_secs(3), |_| ()).await.unwrap_err();
        assert!(waited.to_string().contains("disabled"), "{waited}");

        let admin = ham.admin().unwrap().clone();
        let enabling = async { admin.enable_app(&app_id).await.unwrap() };
        let (callable, _) = tokio::join!(ham.wait_until_callable("probe", TIMEOUT, |_| ()), enabling);
        callable.unwrap();
        assert!(call_ids(&ham).await.is_empty());
    });
}

#[test]
fn an_app_that_awaits_membrane_proofs_says_so_and_takes_them() {
    run(async {
        let conductor = shared().await;
        let bundle =
            AppBundleSource::Path(install().await.probe_bundle_path().with_file_name("probe-memproof.happ"));
        let options = InstallOptions { network_seed: Some("memproofs".into()), ..InstallOptions::default() };
        conductor.install_app(&bundle, "memproofs", options).await.unwrap();
        let ham = connect(conductor, "memproofs").await;
        let waiting = ham.callable("probe").await.unwrap_err();
        assert!(
            matches!(&waiting, CallError::CellNotRunning { reason: NotRunning::AwaitingMemproofs, .. }),
            "{waiting:?}"
        );
        let proof = ExternIO::encode(json!({ "code": "probe-member" })).unwrap();
        let proof = std::sync::Arc::new(SerializedBytes::from(UnsafeBytes::from(proof.0)));
        ham.provide_memproofs(MemproofMap::from([("probe".into(), proof)])).await.unwrap();
        ham.enable_app().await.unwrap();
        ham.wait_until_callable("probe", TIMEOUT, |_| ()).await.unwrap();
        let text: String = ham.call_zome("probe", "probe", "echo_text", "in").await.unwrap();
        assert_eq!(text, "in");
    });
}

#[test]
fn a_new_clone_can_be_called_at_once_and_a_disabled_one_says_so() {
    run(async {
        let (_, ham) = connected().await;
        let clone = ham
            .create_clone(CreateCloneCellPayload {
                role_name: "probe".into(),
                modifiers: DnaModifiersOpt::none().with_network_seed("clone".into()),
                membrane_proof: None,
                name: None,
            })
            .await
            .unwrap();
        let text: String =
            ham.call_zome(clone.clone_id.clone(), "probe", "echo_text", "clone").await.unwrap();
        assert_eq!(text, "clone");
        let clone_cell_id = CloneCellId::CloneId(clone.clone_id.clone());
        let payload = DisableCloneCellPayload { clone_cell_id: clone_cell_id.clone() };
        ham.disable_clone(payload).await.unwrap();
        let error = ham
            .call_zome::<_, String>(CallTarget::Cell(clone.cell_id.clone()), "probe", "echo_text", "x")
            .await
            .unwrap_err();
        assert!(
            matches!(&error, CallError::CellNotRunning { reason: NotRunning::CloneDisabled, .. }),
            "{error:?}"
        );
        ham.enable_clone(EnableCloneCellPayload { clone_cell_id }).await.unwrap();
        let text: String = ham.call_zome("probe.0", "probe", "echo_text", "back").await.unwrap();
        assert_eq!(text, "back");
    });
}

#[test]
fn a_deadline_covers_the_call_and_leaves_the_socket_usable() {
    run(async {
        let (_, ham) = connected().await;
        ham.call_zome::<_, usize>("probe", "probe", "count_items", ()).await.unwrap();
        let options = CallOptions::default().with_deadline(Duration::from_millis(200));
        let slow = json!({ "call_id": "slow", "millis": 3_000 });
        let error = ham
            .call_zome_with::<_, serde::de::IgnoredAny>("probe", "probe", "slow_create", slow, options)
            .await
            .unwrap_err();
        assert!(matches!(error, CallError::TimedOut { sent: true, .. }), "{error:?}");
        assert_eq!(error.outcome(), Outcome::Unknown);
        // The call runs on; the same socket shows it.
        while call_ids(&ham).await != ["slow"] {}
    });
}

#[test]
fn many_callers_share_one_link() {
    run(async {
        let (_, ham) = connected().await;
        ham.call_zome::<_, usize>("probe", "probe", "count_items", ()).await.unwrap();
        let call = |n: usize| {
            let ham = ham.clone();
            async move {
                let text: String = ham.call_zome("probe", "probe", "echo_text", n.to_string()).await.unwrap();
                assert_eq!(text, n.to_string());
            }
        };
        futures_util::future::join_all((0..300).map(call)).await;
    });
}

#[test]
fn the_hook_is_told_of_a_call_that_ends_unknown() {
    run(async {
        let conductor = shared().await;
        let app_id = app(conductor).await;
        let (told, mut hook) = tokio::sync::mpsc::channel(4);
        let with_hook = config(conductor, &app_id).with_on_unknown(move |unknown: &ham::UnknownCall| {
            told.try_send(unknown.clone()).unwrap();
        });
        let ham = PersistentHam::connect(with_hook).await.unwrap();
        let call = ham.prepare("probe", "probe", "create_item", item("twice"), TIMEOUT).await.unwrap();
        let options = CallOptions::default().with_policy(CallPolicy::FailFast);
        ham.send_signed(&call, options).await.unwrap();
        ham.send_signed(&call, options).await.unwrap_err();
        let unknown = hook.recv().await.unwrap();
        let arrived = matches!(unknown.outcome, Outcome::Arrived { .. });
        assert!(arrived || (!remembers_nonces().await && unknown.outcome == Outcome::Unknown), "{unknown:?}");
        assert_eq!(unknown.call.function(), ("probe", "create_item"));
    });
}
