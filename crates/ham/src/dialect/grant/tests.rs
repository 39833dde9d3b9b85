use holochain_zome_types::prelude::DnaHash;
use serde_json::{Value, json};

use super::*;

fn cell() -> CellId {
    CellId::new(DnaHash::from_raw_36(vec![1; 36]), AgentPubKey::from_raw_36(vec![2; 36]))
}

fn grant() -> CapGrant {
    let secret = CapSecret::from([7; 64]);
    let assignees = [AgentPubKey::from_raw_36(vec![3; 36])].into();
    let access = CapAccess::Assigned { secret, assignees };
    CapGrant { tag: "ham:t".into(), access, functions: GrantedFunctions::All }
}

/// The names of the request's fields, in their order, as a conductor's decoder sees them.
fn words(shape: GrantShape) -> Vec<String> {
    fn named(value: &rmpv::Value, path: &str, names: &mut Vec<String>) {
        for (name, value) in value.as_map().into_iter().flatten() {
            let path = format!("{path}/{}", name.as_str().unwrap_or_default());
            named(value, &path, names);
            names.push(path);
        }
    }
    let encoded = rmp_serde::to_vec_named(&shape.request(&cell(), &grant())).unwrap();
    let mut names = Vec::new();
    named(&rmpv::decode::read_value(&mut &encoded[..]).unwrap(), "", &mut names);
    names.retain(|name| name.starts_with("/cap_grant/") && !name.ends_with("/value"));
    names.sort();
    names
}

#[test]
fn a_grant_is_asked_for_in_the_words_of_the_release() {
    let old = [
        "/cap_grant/access",
        "/cap_grant/access/type",
        "/cap_grant/access/value/assignees",
        "/cap_grant/access/value/secret",
        "/cap_grant/functions",
        "/cap_grant/functions/type",
        "/cap_grant/tag",
    ];
    assert_eq!(words(GrantShape::AccessAndFunctions), old);
    let new = [
        "/cap_grant/constraint",
        "/cap_grant/constraint/type",
        "/cap_grant/constraint/value/assignees",
        "/cap_grant/constraint/value/secret",
        "/cap_grant/grant",
        "/cap_grant/grant/functions",
        "/cap_grant/grant/functions/type",
        "/cap_grant/tag",
    ];
    assert_eq!(words(GrantShape::ConstraintAndCapability), new);
}

/// The new format is the one that the linked upstream types write.
#[test]
fn upstreams_own_type_reads_the_request() {
    use holochain_zome_types::capability::GrantZomeCallCapabilityPayload;
    let encoded =
        rmp_serde::to_vec_named(&GrantShape::ConstraintAndCapability.request(&cell(), &grant())).unwrap();
    let read: GrantZomeCallCapabilityPayload = rmp_serde::from_slice(&encoded).unwrap();
    assert_eq!(rmp_serde::to_vec_named(&read).unwrap(), encoded);
}

fn listed(cap_grant: Value) -> GrantList {
    let hash: Vec<u8> = [[0x84, 0x29, 0x24].as_slice(), &[9; 36]].concat();
    let grant = json!({ "cap_grant": cap_grant, "action_hash": hash, "created_at": 5, "revoked_at": null });
    serde_json::from_value(json!([[cell(), [grant]]])).unwrap()
}

#[test]
fn a_list_in_other_words_than_the_releases_is_refused_by_name() {
    let access = json!({ "access_type": "assigned", "assignees": [] });
    let old = json!({ "tag": "t", "access": access, "functions": { "type": "all" } });
    let new = json!({ "tag": "t", "constraint": access, "capability": { "type": "direct_signal" } });
    let read = |shape: GrantShape, words: &Value| shape.read(listed(words.clone()));
    let all = GrantedCapability::ZomeCall { functions: GrantedFunctions::All };
    assert_eq!(read(GrantShape::AccessAndFunctions, &old).unwrap()[0].1[0].capability, all);
    let direct = read(GrantShape::ConstraintAndCapability, &new).unwrap();
    assert_eq!(direct[0].1[0].capability, GrantedCapability::DirectSignal);
    // A kind that is added later takes no grant out of the list.
    let later =
        json!({ "tag": "t", "constraint": access, "capability": { "type": "later", "value": { "n": 1 } } });
    let later = read(GrantShape::ConstraintAndCapability, &later).unwrap();
    assert_eq!(later[0].1[0].capability, GrantedCapability::Other("later".into()));
    assert_eq!(read(GrantShape::AccessAndFunctions, &new).unwrap_err(), "a listed grant has no `access`");
    assert_eq!(
        read(GrantShape::ConstraintAndCapability, &old).unwrap_err(),
        "a listed grant has no `constraint`"
    );
}

#[test]
fn a_secret_is_not_in_debug_output() {
    let shown = format!("{:?}", grant());
    assert!(shown.contains("redacted") && !shown.contains("7, 7"), "{shown}");
}
