//! What is read back.

use holo_hash::{ActionHash, AnyDhtHash, EntryHash};

use crate::stage::Stage;
use crate::value::map;

pub(crate) async fn details(stage: &mut Stage) {
    let (app, zome) = stage.features().await;
    let note: ActionHash = stage.get(&zome, "create_note", "a note").await;
    let entry: EntryHash = stage.get(&zome, "hash_of_note", "a note").await;
    stage.call(&zome, "get_details_of", &note).await;
    stage.call_unordered(&zome, "get_details_of", &entry).await;
    stage.call(&zome, "create_note", "a note").await;
    stage.call_unordered(&zome, "get_details_of", &entry).await;
    let update: ActionHash = stage.get(&zome, "update_note", map! { original: note, text: "changed" }).await;
    let delete: ActionHash = stage.get(&zome, "delete_by_action", &note).await;
    for hash in [&note, &update, &delete] {
        stage.call(&zome, "get_details_of", hash).await;
    }
    stage.call_unordered(&zome, "get_details_of", &entry).await;
    stage.call(&zome, "get_details_of", EntryHash::from(app.agent.clone())).await;
    stage.call(&zome, "get_record_local", EntryHash::from(app.agent.clone())).await;
}

pub(crate) async fn updates_and_deletes(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    let note: ActionHash = zome.quiet("create_note", "first").await;
    let entry: EntryHash = zome.quiet("hash_of_note", "first").await;
    let update: ActionHash = zome.quiet("update_note", map! { original: note, text: "second" }).await;
    for hash in [AnyDhtHash::from(note.clone()), entry.clone().into(), update.clone().into()] {
        stage.call(&zome, "get_record_local", hash).await;
    }
    stage.call(&zome, "delete_by_action", &update).await;
    stage.call(&zome, "get_record_local", &update).await;
    stage.call(&zome, "get_record_local", &note).await;
    stage.call(&zome, "delete_by_action", &note).await;
    stage.call(&zome, "get_record_local", &note).await;
    stage.call(&zome, "get_record_local", &entry).await;
    stage.call(&zome, "create_note", "first").await;
    stage.call(&zome, "get_record_local", &entry).await;
    stage.call(&zome, "update_note", map! { original: update, text: "of a deleted update" }).await;
    stage.call(&zome, "get_record", &note).await;
}

pub(crate) async fn several_gets(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    let one: ActionHash = zome.quiet("create_note", "one").await;
    let two: ActionHash = zome.quiet("create_note", "two").await;
    let none = ActionHash::from_raw_32(vec![1; 32]);
    stage.call(&zome, "get_many", vec![&one, &none, &two, &one]).await;
    stage.call(&zome, "note_read_back", "read back").await;
    stage.call(&zome, "get_record", &one).await;
}

pub(crate) async fn private_entries(stage: &mut Stage) {
    let (_, zome) = stage.features().await;
    let secret: ActionHash = stage.get(&zome, "create_secret_note", "secret").await;
    stage.call(&zome, "get_record_local", &secret).await;
    stage.call(&zome, "get_details_of", &secret).await;
    let update: ActionHash =
        stage.get(&zome, "update_secret_note", map! { original: secret, text: "changed" }).await;
    stage.call(&zome, "get_record_local", &update).await;
    // To another agent in the same conductor.
    let peer = stage.install("features.happ", "peer").await;
    let there = stage.enter(&peer, "features", "features").await;
    stage.call(&there, "get_record_local", &secret).await;
    stage.call(&there, "get_details_of", &secret).await;
    stage.call(&there, "must_valid_record", &secret).await;
    stage.call(&zome, "update_note", map! { original: secret, text: "made public" }).await;
}
