//! Links, paths and anchors.

use holo_hash::{ActionHash, AnyLinkableHash, EntryHash};
use holochain_types::prelude::Timestamp;
use rmpv::Value;

use crate::stage::Stage;
use crate::value::map;

fn base() -> AnyLinkableHash {
    EntryHash::from_raw_32(vec![1; 32]).into()
}

fn link(tag: &[u8]) -> Value {
    map! { base: base(), target: AnyLinkableHash::from(EntryHash::from_raw_32(vec![2; 32])), tag: Value::Binary(tag.to_vec()) }
}

pub(crate) async fn links_and_filters(stage: &mut Stage) {
    let (app, zome) = stage.features().await;
    let mut made = Vec::new();
    for tag in [&b""[..], b"a", b"ab", b"b"] {
        made.push(zome.quiet::<ActionHash>("link_notes", link(tag)).await);
    }
    let nobody = holo_hash::AgentPubKey::from_raw_32(vec![9; 32]);
    let prefix = |tag: &[u8]| map! { base: base(), local: true, tag_prefix: Value::Binary(tag.to_vec()) };
    for (step, filter) in [
        ("all", map! { base: base(), local: true }),
        ("by the network", map! { base: base() }),
        ("prefix a", prefix(b"a")),
        ("prefix c", prefix(b"c")),
        ("empty prefix", prefix(b"")),
        ("by its author", map! { base: base(), local: true, author: app.agent }),
        ("by nobody", map! { base: base(), local: true, author: nobody }),
        ("after the end", map! { base: base(), local: true, after: Timestamp::max() }),
        ("before the beginning", map! { base: base(), local: true, before: Timestamp::from_micros(0) }),
        ("after the beginning", map! { base: base(), local: true, after: Timestamp::from_micros(0) }),
        (
            "another base",
            map! { base: AnyLinkableHash::from(EntryHash::from_raw_32(vec![3; 32])), local: true },
        ),
    ] {
        stage.say("filter", step);
        for function in ["links_of", "links_of_built", "count_links_of"] {
            stage.call(&zome, function, &filter).await;
        }
    }
}

pub(crate) async fn deleted_links(stage: &mut Stage) {
    let (_, zome) = stage.features().await;
    let one: ActionHash = stage.get(&zome, "link_notes", link(b"one")).await;
    stage.call(&zome, "link_notes", link(b"one")).await;
    let all = map! { base: base(), local: true };
    stage.call(&zome, "unlink", &one).await;
    stage.call(&zome, "links_of", &all).await;
    stage.call(&zome, "unlink", &one).await;
    stage.call(&zome, "count_links_of", &all).await;
    stage.call_unordered(&zome, "links_details_of", &all).await;
    stage.call(&zome, "get_record_local", &one).await;
    stage.call(&zome, "get_details_of", &one).await;
}

pub(crate) async fn link_details(stage: &mut Stage) {
    let (_, zome) = stage.features().await;
    let all = map! { base: base(), local: true };
    stage.call_unordered(&zome, "links_details_of", &all).await;
    let one: ActionHash = zome.quiet("link_notes", link(b"one")).await;
    stage.call_unordered(&zome, "links_details_of", &all).await;
    zome.quiet::<ActionHash>("unlink", one).await;
    stage.call_unordered(&zome, "links_details_of", &all).await;
    // Of another agent here.
    let peer = stage.install("features.happ", "peer").await;
    let there = stage.enter(&peer, "features", "features").await;
    let theirs: ActionHash = there.quiet("link_notes", link(b"theirs")).await;
    stage.call(&zome, "links_of", &all).await;
    stage.call(&zome, "unlink", theirs).await;
    stage.call_unordered(&there, "links_details_of", &all).await;
}

pub(crate) async fn paths(stage: &mut Stage) {
    let (_, zome) = stage.features().await;
    let root: AnyLinkableHash = zome.quiet("path_root", ()).await;
    stage.note("the root itself", root.to_string().split_at(2).1);
    for path in ["a", "a.b", "a.b.c", "a.d", "", "..", "1:ab.x"] {
        stage.say("path", path);
        let hash =
            zome.send("path_hash", path).await.map(|hash| hash.decode::<EntryHash>().unwrap().to_string());
        stage.answer("the hash itself", hash.map(|hash| hash[2..].to_owned()));
        stage.call(&zome, "path_exists", path).await;
        stage.call(&zome, "ensure_path", path).await;
        stage.call(&zome, "path_exists", path).await;
    }
    for path in ["a", "a.b", "z"] {
        stage.call(&zome, "path_children", path).await;
        stage.call(&zome, "path_children_texts", path).await;
        stage.call_unordered(&zome, "path_children_details", path).await;
    }
}

pub(crate) async fn anchors(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    for (kind, text) in [("fruit", "apple"), ("fruit", "pear"), ("tree", "oak"), ("fruit", "apple")] {
        stage.call(&zome, "ensure_anchor", map! { anchor_type: kind, text: text }).await;
    }
    stage.call(&zome, "anchor_type_addresses", ()).await;
    for kind in ["fruit", "tree", "stone"] {
        stage.call(&zome, "anchor_addresses", kind).await;
        stage.call(&zome, "anchor_tags", kind).await;
    }
}
