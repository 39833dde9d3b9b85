//! Apps that are installed, or refused.

use std::collections::HashMap;

use holo_hash::AgentPubKey;
use holochain_client::AppInfo;
use holochain_types::app::{AppBundleSource, InstallAppPayload, RoleSettings};
use holochain_types::prelude::{
    DnaModifiersOpt, InitProperties, SerializedBytes, UnsafeBytes, YamlProperties,
};
use rmpv::Value;

use crate::stage::Stage;
use crate::transcript::wire;
use crate::value::{encoded, map};

pub(crate) fn bytes(value: impl serde::Serialize) -> SerializedBytes {
    UnsafeBytes::from(encoded(value).into_vec()).into()
}

/// Properties as the manifest has them, from JSON.
pub(crate) fn properties(json: serde_json::Value) -> YamlProperties {
    serde_json::from_value(json).unwrap()
}

pub(crate) fn modifiers(
    seed: Option<&str>,
    properties: Option<YamlProperties>,
) -> DnaModifiersOpt<YamlProperties> {
    let mut modifiers = DnaModifiersOpt::none();
    if let Some(seed) = seed {
        modifiers = modifiers.with_network_seed(seed.to_owned());
    }
    match properties {
        Some(properties) => modifiers.with_properties(properties),
        None => modifiers,
    }
}

pub(crate) fn roles(settings: Vec<(&str, RoleSettings)>) -> Option<HashMap<String, RoleSettings>> {
    Some(settings.into_iter().map(|(role, settings)| (role.to_owned(), settings)).collect())
}

pub(crate) fn provisioned(
    membrane_proof: Option<SerializedBytes>,
    modifiers: Option<DnaModifiersOpt<YamlProperties>>,
    init_properties: Option<Value>,
) -> RoleSettings {
    RoleSettings::Provisioned {
        membrane_proof: membrane_proof.map(std::sync::Arc::new),
        modifiers,
        init_properties: init_properties.map(|value| InitProperties(bytes(value))),
    }
}

/// Asks for an app and notes the answer.
async fn install(stage: &mut Stage, step: &str, payload: InstallAppPayload) -> Option<AppInfo> {
    let answer = stage.admin.install_app(payload).await;
    stage.answer(step, answer)
}

pub(crate) async fn install_errors(stage: &mut Stage) {
    let mut payload = stage.payload("probe.happ", "unknown key");
    payload.agent_key = Some(AgentPubKey::from_raw_32(vec![7; 32]));
    install(stage, "key not in the keystore", payload).await;

    let first = stage.payload("probe.happ", "first");
    let first = install(stage, "first", first).await.unwrap();
    let payload = stage.payload("probe.happ", "first");
    install(stage, "duplicate id", payload).await;
    let mut payload = stage.payload("probe.happ", "the same cells");
    payload.agent_key = Some(first.agent_pub_key.clone());
    // Which of its cells is there first is the order of the roles, which is none.
    let answer = stage.admin.install_app(payload).await;
    let text = format!("{:?}", answer.unwrap_err());
    stage.say("duplicate cell", text.split_inclusive("CellAlreadyExists(CellId").next().unwrap_or_default());
    let mut payload = stage.payload("probe.happ", "the same key");
    payload.agent_key = Some(first.agent_pub_key.clone());
    payload.network_seed = Some("another seed".to_owned());
    install(stage, "the same key in another network", payload).await;
    let payload = stage.payload("probe.happ", "");
    install(stage, "an id that ends in a space", payload).await;
    let mut payload = stage.payload("features.happ", "one");
    payload.installed_app_id = Some(String::new());
    payload.network_seed = Some("empty id".to_owned());
    install(stage, "empty id", payload).await;
    stage.admin.uninstall_app(String::new(), false).await.unwrap();
    let mut payload = stage.payload("probe.happ", "restored");
    payload.restore_from_dht = true;
    payload.agent_key = Some(first.agent_pub_key);
    let restored = stage.admin.install_app(payload).await;
    stage.note("restored from the DHT is refused", restored.is_err());
}

pub(crate) async fn bad_bundles(stage: &mut Stage) {
    let good = std::fs::read(crate::stage::bundle_path("probe.happ")).unwrap();
    for (step, bytes) in [
        ("nothing", vec![]),
        ("no archive", b"this is no bundle".to_vec()),
        ("half of one", good[..good.len() / 2].to_vec()),
    ] {
        let mut payload = stage.payload("probe.happ", step);
        payload.source = AppBundleSource::Bytes(bytes.into());
        install(stage, step, payload).await;
    }
    let mut payload = stage.payload("probe.happ", "no file");
    payload.source = AppBundleSource::Path("/no/such/file.happ".into());
    install(stage, "no file", payload).await;
    payload = stage.payload("probe.happ", "a directory");
    payload.source = AppBundleSource::Path("/".into());
    install(stage, "a directory", payload).await;
    payload = stage.payload("probe.happ", "from bytes");
    payload.source = AppBundleSource::Bytes(good.into());
    install(stage, "from bytes", payload).await;
}

pub(crate) async fn dna_hashes(stage: &mut Stage) {
    let mut seen = Vec::new();
    for (step, bundle, seed, settings) in [
        ("no seed", "probe.happ", None, None),
        ("a seed", "probe.happ", Some("a seed"), None),
        ("empty seed", "probe.happ", Some(""), None),
        ("features", "features.happ", Some("a seed"), None),
        ("memproof", "probe-memproof.happ", Some("a seed"), None),
        (
            "a role's own seed",
            "probe.happ",
            Some("a seed"),
            roles(vec![("probe", provisioned(None, Some(modifiers(Some("its own"), None)), None))]),
        ),
        (
            "properties",
            "features.happ",
            None,
            roles(vec![(
                "twin",
                provisioned(
                    None,
                    Some(modifiers(
                        None,
                        Some(properties(serde_json::json!({"a": 1, "b": [true, null, "x"]}))),
                    )),
                    None,
                ),
            )]),
        ),
        (
            "a list as properties",
            "probe.happ",
            None,
            roles(vec![(
                "ledger",
                provisioned(None, Some(modifiers(None, Some(properties(serde_json::json!(["x", 2]))))), None),
            )]),
        ),
    ] {
        let mut payload = stage.payload(bundle, step);
        payload.network_seed = seed.map(str::to_owned);
        payload.roles_settings = settings;
        let app = stage.admin.install_app(payload).await.unwrap();
        let mut hashes: Vec<(String, String)> = app
            .cell_info
            .iter()
            .map(|(role, cells)| {
                let holochain_client::CellInfo::Provisioned(cell) = &cells[0] else { panic!("{role}") };
                (role.clone(), cell.cell_id.dna_hash().to_string())
            })
            .collect();
        hashes.sort();
        stage.note(step, &hashes);
        seen.extend(hashes.into_iter().map(|(_, hash)| hash));
    }
    let dnas = stage.admin.list_dnas().await.unwrap();
    seen.retain(|hash| !dnas.iter().any(|dna| dna.to_string() == *hash));
    stage.note("not listed", seen);
}

pub(crate) async fn role_settings(stage: &mut Stage) {
    for (step, settings) in [
        ("unknown role, nothing set", vec![("nobody", RoleSettings::default())]),
        (
            "unknown role, modifiers",
            vec![("nobody", provisioned(None, Some(modifiers(Some("seed"), None)), None))],
        ),
        ("unknown role, proof", vec![("nobody", provisioned(Some(bytes("proof")), None, None))]),
        ("unknown role, init properties", vec![("nobody", provisioned(None, None, Some(wire("x"))))]),
        ("proof that nobody asks for", vec![("ledger", provisioned(Some(bytes("proof")), None, None))]),
        ("init properties that nobody asks for", vec![("ledger", provisioned(None, None, Some(wire("x"))))]),
    ] {
        let mut payload = stage.payload("probe.happ", step);
        payload.roles_settings = roles(settings);
        install(stage, step, payload).await;
    }
}

pub(crate) async fn genesis_refusals(stage: &mut Stage) {
    let refused = [
        ("invalid", serde_json::json!({"genesis": {"features_integrity": {"Invalid": "not in here"}}})),
        ("witness", serde_json::json!({"genesis": {"witness_integrity": {"Invalid": "said the witness"}}})),
        ("error", serde_json::json!({"genesis": {"features_integrity": {"Error": "cannot check"}}})),
        ("panic", serde_json::json!({"genesis": {"features_integrity": {"Panic": "trapped"}}})),
        ("unresolved", serde_json::json!({"genesis": {"features_integrity": {"Unresolved": []}}})),
        ("forbidden", serde_json::json!({"genesis": {"features_integrity": "Forbidden"}})),
        ("unreadable", serde_json::json!({"genesis": 7})),
        ("valid", serde_json::json!({"genesis": {"features_integrity": "Valid"}})),
    ];
    for (step, json) in refused {
        let mut payload = stage.payload("features.happ", step);
        payload.roles_settings =
            roles(vec![("twin", provisioned(None, Some(modifiers(None, Some(properties(json)))), None))]);
        install(stage, step, payload).await;
    }
    let json = serde_json::json!({"genesis": {"features_integrity": {"Invalid": "ignored"}}});
    let mut payload = stage.payload("features.happ", "ignored");
    payload.ignore_genesis_failure = true;
    payload.roles_settings =
        roles(vec![("twin", provisioned(None, Some(modifiers(None, Some(properties(json)))), None))]);
    let id = payload.installed_app_id.clone().unwrap();
    install(stage, "ignored", payload).await;
    let apps = stage.admin.list_apps(None).await.unwrap();
    let ours = |app: &&AppInfo| app.installed_app_id.starts_with("genesis_refusals");
    let mut ids: Vec<(&str, &_)> =
        apps.iter().filter(ours).map(|app| (app.installed_app_id.as_str(), &app.status)).collect();
    ids.sort_by_key(|(id, _)| *id);
    stage.note("installed", ids);
    let enabled = stage.admin.enable_app(id.clone()).await;
    stage.answer("enable what has no genesis", enabled);
    let gone = stage.admin.uninstall_app(id, true).await;
    stage.answer("uninstall it", gone);
}

pub(crate) async fn init_properties(stage: &mut Stage) {
    let mut payload = stage.payload("features.happ", "app");
    payload.roles_settings = roles(vec![
        ("features", provisioned(None, None, Some(map! { note: "written by init" }))),
        (
            "twin",
            provisioned(None, None, Some(map! { init: map! { features: map! { Invalid: "as planned" } } })),
        ),
        ("refused", provisioned(None, None, Some(wire(7)))),
    ]);
    let app = stage.install_with(payload).await;
    let zome = stage.enter(&app, "features", "features").await;
    stage.call(&zome, "nothing", ()).await;
    let notes: Vec<Value> = zome.quiet("query_chain", super::validation::query().include_entries(true)).await;
    stage.note("chain", notes);
    stage.call(&zome, "init_plan_too_late", ()).await;
    for role in ["twin", "refused"] {
        let zome = stage.enter(&app, role, "features").await;
        stage.call(&zome, "nothing", ()).await;
        stage.call(&zome, "nothing", ()).await;
    }
}
