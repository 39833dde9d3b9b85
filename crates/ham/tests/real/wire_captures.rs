//! Every row of the effect table, provoked on a real conductor: a release that rewords one fails here.

use std::collections::BTreeSet;

use ham::{
    CallError, CallOptions, ClientKeySigning, NOTHING_WRITTEN, PersistentHam, Recovery, Refusal,
    RefusalCause, RefusalKind, SignedCall, Signing,
};
use holochain_client::{
    AppWebsocket, ClientAgentSigner, ConductorApiError, ExternIO, GrantedFunctions, SigningCredentials,
};
use holochain_types::prelude::{AgentPubKey, CellId, DnaHash};
use serde_json::{Value, json};

use crate::support::*;

/// The row that a refusal of a real conductor falls under.
fn row_of(refusal: &Refusal) -> usize {
    NOTHING_WRITTEN
        .iter()
        .position(|row| row.kind == refusal.kind() && refusal.text().starts_with(row.prefix))
        .unwrap_or_else(|| panic!("no row for {refusal:?}"))
}

fn row(error: &CallError) -> usize {
    match error {
        CallError::Refused { refusal, .. } => row_of(refusal),
        other => panic!("{other:?}"),
    }
}

/// A call that ham itself would not send, made with upstream's client: to a cell that the app does not have.
async fn upstream_call(ham: &PersistentHam, cell: CellId) -> Refusal {
    let admin = ham.admin().unwrap();
    let app_id = &ham.config().app_id;
    let port = app_port(ham).await;
    let token = admin.issue_app_token(app_id.clone()).await.unwrap();
    let keypair = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let signing_agent_key = AgentPubKey::from_raw_32(keypair.verifying_key().as_bytes().to_vec());
    let signer = ClientAgentSigner::new();
    let credentials = SigningCredentials { signing_agent_key, keypair, cap_secret: [7; 64].into() };
    signer.add_credentials(cell.clone(), credentials);
    let origin = Some(ham.config().origin.clone());
    let socket = AppWebsocket::connect(("localhost", port), token.expose().to_vec(), signer.into(), origin)
        .await
        .unwrap();
    let payload = ExternIO::encode(()).unwrap();
    match socket.call_zome(cell.into(), "probe".into(), "f".into(), payload).await.unwrap_err() {
        ConductorApiError::ExternalApiWireError(error) => error.into(),
        other => panic!("{other:?}"),
    }
}

/// What the loser is told of two calls that write to one chain at a time. Both compute for a second before they write,
/// so both begin from the same head.
async fn head_moved(ham: &PersistentHam) -> CallError {
    let ham = PersistentHam::connect(ham.config().clone().with_lanes(false)).await.unwrap();
    let write = |call_id: &str| {
        let payload = json!({ "call_id": call_id, "millis": 1_000 });
        ham.call_zome::<_, serde::de::IgnoredAny>("probe", "probe", "slow_create", payload)
    };
    let (one, other) = tokio::join!(write("one"), write("other"));
    let error = one.and(other).unwrap_err();
    assert!(matches!(error.recovery(), Recovery::CoolDown { .. }), "{error:?}");
    error
}

/// The call with one byte of a field changed, as a damaged journal would hold it.
async fn damaged(ham: &PersistentHam, field: &str) -> CallError {
    let call = ham.prepare("probe", "probe", "echo_text", "x", TIMEOUT).await.unwrap();
    let mut journal = serde_json::to_value(&call).unwrap();
    match &mut journal[field] {
        Value::Array(bytes) => bytes[0] = Value::from(bytes[0].as_u64().unwrap() ^ 1),
        Value::String(text) => {
            let first = if text.starts_with('A') { "B" } else { "A" };
            text.replace_range(..1, first);
        }
        other => panic!("{other}"),
    }
    let call: SignedCall = serde_json::from_value(journal).unwrap();
    ham.send_signed(&call, CallOptions::default()).await.unwrap_err()
}

#[test]
fn the_rows_are_what_a_conductor_says() {
    run(async {
        let (app_id, ham) = connected().await;
        let nowhere = CellId::new(DnaHash::from_raw_36(vec![1; 36]), AgentPubKey::from_raw_36(vec![2; 36]));
        let narrow = ClientKeySigning::default().with_functions(GrantedFunctions::Listed([].into()));
        let narrow = config(shared().await, &app_id).with_signing(Signing::ClientKeys(narrow));
        let narrow = PersistentHam::connect(narrow).await.unwrap();
        let mut provoked: BTreeSet<usize> = [
            row(&refused(&ham, "no_such_function", json!(null)).await),
            row(&refused(&ham, "fail", json!("x")).await),
            row(&refused(&ham, "create_item", json!({ "call_id": "i", "body": "invalid" })).await),
            row(&refused(&narrow, "create_item", item("n")).await),
            row(&ham.call_zome::<_, ()>("probe", "no_such_zome", "f", ()).await.unwrap_err()),
            row_of(&upstream_call(&ham, nowhere).await),
            row(&head_moved(&ham).await),
        ]
        .into();
        // What comes from a journal is not sent where nonces are forgotten, so these two are not provoked there.
        let journals = remembers_nonces().await;
        if journals {
            provoked.insert(row(&damaged(&ham, "signature").await));
            provoked.insert(row(&damaged(&ham, "bytes").await));
        }
        // Four rows of each release have tests of their own: the cell that does not run in `calls.rs`, which ham types before
        // anyone sees its text, `Deserialization`, which answers requests that ham's types cannot express, and the calls that
        // `ham dev revert` cuts off, and whose cell is removed, in `ham-devconductor/tests/steered/`, since no other conductor says so.
        let release = Some(ham.release().await.unwrap());
        let said = NOTHING_WRITTEN.iter().enumerate().filter(|(_, row)| row.on.holds(release));
        let missed: Vec<_> = said
            .filter(|(position, row)| {
                let from_a_journal = row.kind == RefusalKind::ZomeCallAuthenticationFailed
                    || row.prefix.starts_with("Serialization error");
                let elsewhere = row.kind == RefusalKind::Deserialization
                    || row.cause == RefusalCause::CutOff
                    || row.prefix.starts_with("The cell was removed")
                    || (from_a_journal && !journals)
                    || ["CellNotRunning(", "CellDisabled("].iter().any(|end| row.prefix.ends_with(end));
                !elsewhere && !provoked.contains(position)
            })
            .collect();
        assert!(missed.is_empty(), "not provoked: {missed:?}");
        assert_eq!(call_ids(&ham).await.len(), 1, "of the two writers one");
    });
}
