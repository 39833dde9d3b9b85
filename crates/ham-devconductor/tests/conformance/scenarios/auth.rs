//! Who may call.

use std::collections::{BTreeSet, HashSet};

use holo_hash::ActionHash;
use holochain_types::prelude::{
    CapSecret, GrantConstraint, GrantZomeCallCapabilityGrant, GrantZomeCallCapabilityPayload,
    GrantedFunctions, Signature, Timestamp, ZomeCallGrant,
};

use crate::app::Zome;
use crate::stage::Stage;
use crate::value::map;

pub(crate) async fn signatures(stage: &mut Stage) {
    let (_, zome) = stage.probe().await;
    let mut signed = zome.sign(&zome.params("echo_text", "signed by nobody"));
    signed.signature = Signature([7; 64]);
    let answer = zome.client.signed_call_zome(signed).await;
    stage.answer("wrong signature", answer);

    let mut params = zome.params("echo_text", "signed by another");
    params.provenance = zome.cell.agent_pubkey().clone();
    let answer = zome.send_params(&params).await;
    stage.answer("another's signature", answer);

    let mut signed = zome.sign(&zome.params("echo_text", "changed"));
    signed.bytes = zome.sign(&zome.params("echo_text", "other")).bytes;
    let answer = zome.client.signed_call_zome(signed).await;
    stage.answer("signature of other bytes", answer);

    for (step, bytes) in [("garbage", vec![0xc1; 4]), ("nothing", vec![]), ("nil", vec![0xc0])] {
        let signed = zome.sign_bytes(holochain_types::prelude::ExternIO(bytes));
        let answer = zome.client.signed_call_zome(signed).await;
        stage.answer(step, answer);
    }
    stage.call(&zome, "echo_text", "signed").await;
}

pub(crate) async fn nonces(stage: &mut Stage) {
    let (_, zome) = stage.probe().await;
    let params = zome.params("echo_text", "once");
    for step in ["the first time", "the second time"] {
        let answer = zome.send_params(&params).await;
        stage.answer(step, answer);
    }
    let mut other = zome.params("echo_text", "another call with its nonce");
    other.nonce = params.nonce;
    let answer = zome.send_params(&other).await;
    stage.answer("its nonce again", answer);
    let mut unknown = zome.params("no_such_function", ());
    unknown.nonce = params.nonce;
    let answer = zome.send_params(&unknown).await;
    stage.answer("of an unknown function", answer);
    let failing = zome.params("fail", "fails");
    for step in ["a failing one", "a failing one"] {
        let answer = zome.send_params(&failing).await;
        stage.answer(step, answer);
    }
    let mut refused = zome.params("echo_text", "refused");
    refused.cap_secret = None;
    for step in ["a refused one", "a refused one"] {
        let answer = zome.send_params(&refused).await;
        stage.answer(step, answer);
    }
}

pub(crate) async fn expiries(stage: &mut Stage) {
    let (_, zome) = stage.probe().await;
    let now = Timestamp::now().as_micros();
    const MINUTE: i64 = 60_000_000;
    for (step, at) in [
        ("a minute ago", now - MINUTE),
        ("at the beginning of time", 0),
        ("in a minute", now + MINUTE),
        ("in 49 minutes", now + 49 * MINUTE),
        ("in 52 minutes", now + 52 * MINUTE),
        ("at the end of time", i64::MAX),
    ] {
        let mut params = zome.params("echo_text", step);
        params.expires_at = Timestamp::from_micros(at);
        let answer = zome.send_params(&params).await;
        stage.answer(step, answer);
    }
}

/// A grant made by an administrator.
fn grant(
    zome: &Zome,
    functions: GrantedFunctions,
    constraint: GrantConstraint,
) -> GrantZomeCallCapabilityPayload {
    GrantZomeCallCapabilityPayload {
        cell_id: zome.cell.clone(),
        cap_grant: GrantZomeCallCapabilityGrant {
            tag: "by hand".to_owned(),
            constraint,
            grant: ZomeCallGrant { functions },
        },
    }
}

fn only(zome: &str, function: &str) -> GrantedFunctions {
    GrantedFunctions::Listed(HashSet::from([(zome.into(), function.into())]))
}

async fn try_with(stage: &mut Stage, step: &str, zome: &Zome, function: &str, secret: Option<CapSecret>) {
    let mut params = zome.params(function, "text");
    params.cap_secret = secret;
    let answer = zome.send_params(&params).await;
    stage.answer(step, answer);
}

pub(crate) async fn grants_of_clients(stage: &mut Stage) {
    let app = stage.install("probe.happ", "app").await;
    let zome = stage.enter(&app, "probe", "probe").await;
    try_with(stage, "no secret", &zome, "echo_text", None).await;
    try_with(stage, "wrong secret", &zome, "echo_text", Some([9; 64].into())).await;

    let mut params = zome.params("echo_text", "text");
    params.cap_secret = Some([0xab; 64].into());
    let shown = format!("{:?}", zome.send_params(&params).await.unwrap_err());
    stage.note(
        "the secret is in the text",
        ["abababab", "q6urq6ur", "171, 171"].iter().any(|secret| shown.contains(secret)),
    );

    let secret: CapSecret = [3; 64].into();
    let stranger = {
        let mut stranger = zome.clone();
        stranger.credentials.keypair = ed25519_dalek::SigningKey::from_bytes(&[5; 32]);
        let key = stranger.credentials.keypair.verifying_key();
        stranger.credentials.signing_agent_key = holo_hash::AgentPubKey::from_raw_32(key.as_bytes().to_vec());
        stranger
    };
    try_with(stage, "a stranger", &stranger, "echo_text", Some(zome.credentials.cap_secret)).await;

    let payload = grant(&zome, only("probe", "echo_text"), GrantConstraint::Transferable { secret });
    let granted = stage.admin.grant_zome_call_capability(payload).await;
    let granted = stage.answer("transferable grant", granted).unwrap();
    try_with(stage, "transferable", &stranger, "echo_text", Some(secret)).await;
    try_with(stage, "transferable, another function", &stranger, "emit", Some(secret)).await;
    try_with(stage, "transferable, no secret", &stranger, "echo_text", None).await;
    try_with(stage, "transferable, another zome", &stranger.beside("other"), "echo_text", Some(secret)).await;
    stage.call(&zome, "list_grants", ()).await;
    let revoked = stage.admin.revoke_zome_call_capability(zome.cell.clone(), granted.clone()).await;
    stage.answer("revoke", revoked);
    try_with(stage, "revoked", &stranger, "echo_text", Some(secret)).await;
    let revoked = stage.admin.revoke_zome_call_capability(zome.cell.clone(), granted).await;
    stage.answer("revoke again", revoked);
    let none = ActionHash::from_raw_32(vec![1; 32]);
    let revoked = stage.admin.revoke_zome_call_capability(zome.cell.clone(), none).await;
    stage.answer("revoke what is none", revoked);

    let payload = grant(&zome, only("probe", "echo_text"), GrantConstraint::Unrestricted);
    let granted = stage.admin.grant_zome_call_capability(payload).await;
    stage.answer("unrestricted grant", granted);
    try_with(stage, "unrestricted", &stranger, "echo_text", None).await;
    try_with(stage, "unrestricted, with a secret", &stranger, "echo_text", Some(secret)).await;
    try_with(stage, "unrestricted, another function", &stranger, "emit", None).await;

    let assignees = BTreeSet::from([stranger.credentials.signing_agent_key.clone()]);
    let constraint = GrantConstraint::Assigned { secret, assignees };
    let granted =
        stage.admin.grant_zome_call_capability(grant(&zome, only("probe", "emit"), constraint)).await;
    stage.answer("assigned grant", granted);
    try_with(stage, "assigned", &stranger, "emit", Some(secret)).await;
    try_with(stage, "assigned, wrong secret", &stranger, "emit", Some([4; 64].into())).await;
    let mut other = zome.clone();
    other.credentials.cap_secret = secret;
    stage.call(&other, "emit", "not assigned").await;

    let mut missing = grant(&zome, GrantedFunctions::All, GrantConstraint::Unrestricted);
    missing.cell_id = holochain_types::prelude::CellId::new(
        holo_hash::DnaHash::from_raw_32(vec![1; 32]),
        zome.cell.agent_pubkey().clone(),
    );
    let granted = stage.admin.grant_zome_call_capability(missing).await;
    stage.answer("grant in a missing cell", granted);
    let empty = GrantedFunctions::Listed(HashSet::new());
    let granted =
        stage.admin.grant_zome_call_capability(grant(&zome, empty, GrantConstraint::Unrestricted)).await;
    stage.answer("grant of no function", granted);
}

pub(crate) async fn grants_of_zomes(stage: &mut Stage) {
    let (_, zome) = stage.probe().await;
    let granted = zome
        .quiet::<rmpv::Value>("grant", map! { tag: "by zome", functions: ["echo_text"], assignees: () })
        .await;
    stage.note("grant", &granted);
    let field = |name: &str| {
        granted.as_map().unwrap().iter().find(|(key, _)| key.as_str() == Some(name)).unwrap().1.clone()
    };
    let secret: [u8; 64] = field("secret").as_slice().unwrap().try_into().unwrap();
    try_with(stage, "granted", &zome, "echo_text", Some(secret.into())).await;
    try_with(stage, "not granted", &zome, "emit", Some(secret.into())).await;
    stage.call(&zome, "list_grants", ()).await;
    let claim = map! { tag: "claimed", grantor: zome.cell.agent_pubkey(), secret: field("secret") };
    stage.call(&zome, "claim", claim).await;
    stage.call(&zome, "revoke", field("action_hash")).await;
    try_with(stage, "revoked", &zome, "echo_text", Some(secret.into())).await;
    stage.call(&zome, "revoke", field("action_hash")).await;
    stage.call(&zome, "list_grants", ()).await;
    stage.call(&zome, "whoami", ()).await;
}

pub(crate) async fn unauthorized_inside(stage: &mut Stage) {
    let (_, zome) = stage.features().await;
    let other = stage.install("features.happ", "other").await;
    let there = stage.enter(&other, "features", "features").await;
    there.quiet::<()>("nothing", ()).await;
    let request = |function: &str, secret: Option<CapSecret>| {
        map! {
            target: map! { Agent: other.agent },
            zome: "features", function: function, cap_secret: secret,
            payload: crate::value::encoded("text"),
        }
    };
    let to_cell = map! {
        target: map! { Cell: there.cell },
        zome: "features", function: "create_note", payload: crate::value::encoded("from another app"),
    };
    stage.call(&zome, "call_any", to_cell).await;
    stage.call(&zome, "call_any", request("create_note", None)).await;
}

pub(crate) async fn listed_grants(stage: &mut Stage) {
    let app = stage.install("probe.happ", "app").await;
    let listed = stage.admin.list_capability_grants(app.id.clone(), true).await;
    stage.answer("before", listed.map(|grants| sorted(grants.0)));
    let zome = stage.enter(&app, "probe", "probe").await;
    let secret: CapSecret = [3; 64].into();
    let payload = grant(&zome, only("probe", "echo_text"), GrantConstraint::Transferable { secret });
    let granted = stage.admin.grant_zome_call_capability(payload).await.unwrap();
    let listed = stage.admin.list_capability_grants(app.id.clone(), false).await;
    stage.answer("granted", listed.map(|grants| sorted(grants.0)));
    stage.admin.revoke_zome_call_capability(zome.cell.clone(), granted).await.unwrap();
    for revoked in [false, true] {
        let listed = stage.admin.list_capability_grants(app.id.clone(), revoked).await;
        stage.answer("revoked", listed.map(|grants| sorted(grants.0)));
    }
    let listed = stage.admin.list_capability_grants("no such app".to_owned(), true).await;
    stage.answer("of no app", listed);
}

type Listed = Vec<(holochain_types::prelude::CellId, Vec<holochain_types::prelude::CapGrantInfo>)>;

/// In the order of cells, then as they were granted.
fn sorted(mut grants: Listed) -> Listed {
    grants.sort_by(|a, b| a.0.dna_hash().cmp(b.0.dna_hash()));
    for (_, grants) in &mut grants {
        grants.sort_by_key(|grant| grant.created_at);
    }
    grants
}
