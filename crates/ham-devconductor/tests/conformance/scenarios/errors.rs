//! Calls that fail in the zome or in the host.

use holo_hash::{ActionHash, AnyDhtHash, EntryHash};
use holochain_types::prelude::AnyLinkableHash;

use crate::stage::Stage;
use crate::value::map;

fn no_entry() -> EntryHash {
    EntryHash::from_raw_32(vec![9; 32])
}

fn no_action() -> ActionHash {
    ActionHash::from_raw_32(vec![9; 32])
}

pub(crate) async fn guest_errors(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    stage.call(&zome, "guest_error", "a text").await;
    stage.call(&zome, "guest_error", "").await;
    stage.call(&zome, "guest_error", "quotes \" and \n lines").await;
    stage.call(&zome, "guest_error_formatted", 7).await;
    stage.call(&zome, "guest_serialize_error", ()).await;
    stage.call(&zome.beside("bare"), "bare_fail", "bare").await;
    let mirror = zome.beside("mirror");
    stage.call(&mirror, "guest_error", "of the mirror").await;
}

pub(crate) async fn host_errors(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    stage.call(&zome, "host_error", no_entry()).await;
    stage.call(&zome, "host_error_handled", no_entry()).await;
    stage.call(&zome, "must_action", no_action()).await;
    stage.call(&zome, "must_entry", no_entry()).await;
    stage.call(&zome, "must_valid_record", no_action()).await;
    stage.call(&zome, "init_plan_too_late", ()).await;
    stage
        .call(
            &zome,
            "sign_bytes",
            map! { key: zome.credentials.signing_agent_key, data: serde_bytes(&[1, 2]) },
        )
        .await;
    stage
        .call(
            &zome,
            "secret_encrypt",
            map! { key_ref: serde_bytes(b"unknown"), data: map! { data: serde_bytes(&[1]) } },
        )
        .await;
}

fn serde_bytes(bytes: &[u8]) -> rmpv::Value {
    rmpv::Value::Binary(bytes.to_vec())
}

pub(crate) async fn panics(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    stage.call(&zome, "trap_by_panic", ()).await;
    stage.call(&zome, "trap_by_memory", ()).await;
    stage.call(&zome, "deep_recursion", 3).await;
    stage.call(&zome, "deep_recursion", u32::MAX).await;
    stage.call(&zome, "two_notes_then_panic", "gone").await;
    stage.call(&zome, "create_note", "serves on").await;
    let probe = stage.install("probe.happ", "probe").await;
    let probe = stage.enter(&probe, "probe", "probe").await;
    stage.call(&probe, "panic_now", ()).await;
}

pub(crate) async fn misreadings(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    stage.call(&zome, "create_note", 7).await;
    stage.call(&zome, "create_note", ()).await;
    stage.call(&zome, "update_note", map! { original: no_action() }).await;
    stage.call(&zome, "increment", "text").await;
    stage.call(&zome, "increment", -1).await;
    stage.call(&zome, "nothing", 5).await;
    stage.call(&zome, "get_record", no_entry()).await;
    stage.call(&zome, "get_record", "not a hash").await;
    stage.call(&zome, "host_answer_misread", ()).await;
    stage.call(&zome, "host_argument_misread", ()).await;
    stage.call(&zome, "unencodable_argument", ()).await;
    stage.call(&zome, "unencodable_answer", ()).await;
    let mut params = zome.params("create_note", ());
    params.payload = holochain_types::prelude::ExternIO(vec![0xc1]);
    let answer = zome.send_params(&params).await;
    stage.answer("create_note of garbage", answer);
    params = zome.params("create_note", ());
    params.payload = holochain_types::prelude::ExternIO(vec![]);
    let answer = zome.send_params(&params).await;
    stage.answer("create_note of nothing", answer);
}

pub(crate) async fn broken_answers(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    let bare = zome.beside("bare");
    for function in ["bare_garbage", "bare_nowhere", "bare_too_long", "bare_wrong_type", "bare_unimplemented"]
    {
        stage.call(&bare, function, ()).await;
    }
    stage.call(&bare, "bare_echo", "serves on").await;
}

pub(crate) async fn missing_data(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    stage.call(&zome, "get_record_local", no_entry()).await;
    stage.call(&zome, "get_record_local", no_action()).await;
    stage.call(&zome, "get_details_of", no_entry()).await;
    stage.call(&zome, "get_details_of", no_action()).await;
    stage.call(&zome, "get_many", Vec::<AnyDhtHash>::new()).await;
    stage.call(&zome, "get_many", vec![AnyDhtHash::from(no_entry()), no_action().into()]).await;
    let links = map! { base: AnyLinkableHash::from(no_entry()), local: true };
    stage.call(&zome, "links_of", &links).await;
    stage.call(&zome, "links_details_of", &links).await;
    stage.call(&zome, "count_links_of", &links).await;
    stage.call(&zome, "validation_receipts", no_action()).await;
    stage.call(&zome, "path_exists", "nowhere.at.all").await;
    stage.call(&zome, "ticks", ()).await;
    stage.call(&zome, "list_claims", ()).await;
}

pub(crate) async fn nonsense_writes(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    let note: ActionHash = stage.get(&zome, "create_note", "a note").await;
    stage.call(&zome, "delete_by_action", no_action()).await;
    stage.call(&zome, "update_note", map! { original: no_action(), text: "of nothing" }).await;
    stage.call(&zome, "unlink", no_action()).await;
    stage.call(&zome, "unlink", &note).await;
    let deleted: ActionHash = stage.get(&zome, "delete_by_action", &note).await;
    stage.call(&zome, "delete_by_action", &note).await;
    stage.call(&zome, "delete_by_action", &deleted).await;
    stage.call(&zome, "update_note", map! { original: &deleted, text: "of a delete" }).await;
    stage.call(&zome, "update_note", map! { original: &note, text: "of a deleted one" }).await;
    stage.call(&zome, "update_secret_note", map! { original: &note, text: "of another type" }).await;
    stage.call(&zome, "delete_grant", &note).await;
    stage.call(&zome, "delete_grant", no_action()).await;
    let from_nowhere = map! { base: AnyLinkableHash::from(no_entry()), target: AnyLinkableHash::from(no_entry()), tag: rmpv::Value::Binary(vec![1]) };
    let link: ActionHash = stage.get(&zome, "link_notes", &from_nowhere).await;
    stage.call(&zome, "delete_by_action", &link).await;
    stage.call(&zome, "update_note", map! { original: &link, text: "of a link" }).await;
    stage.call(&zome, "update_ordered", map! { text: "nothing", ordering: "Strict" }).await;
    stage.call(&zome, "create_ordered", map! { text: "nothing", ordering: "Loose" }).await;
}

pub(crate) async fn sizes(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    stage.call(&zome, "create_blob", 3_999_980).await;
    stage.call(&zome, "create_blob", 4_000_000).await;
    stage.call(&zome, "create_blob", 0).await;
    let bare = zome.beside("bare");
    let bytes = |count| rmpv::Value::Binary(vec![1; count]);
    stage.call(&bare, "bare_create", bytes(3_999_995)).await;
    stage.call(&bare, "bare_create", bytes(3_999_996)).await;
    stage.call(&bare, "bare_create", bytes(4_000_000)).await;
    let base = AnyLinkableHash::from(no_entry());
    for count in [1000, 1001] {
        stage.call(&zome, "link_notes", map! { base: &base, target: &base, tag: bytes(count) }).await;
    }
    stage.call(&zome, "large_argument", bytes(1_000_000)).await;
    stage.call(&zome, "large_answer", 3).await;
}
