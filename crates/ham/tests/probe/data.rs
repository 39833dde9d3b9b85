//! Entries, links, paths, and what one call writes of them.

use holochain_types::prelude::*;
use serde_json::json;

use crate::app::{app, run};
use crate::calls::local;

#[test]
fn entries_are_written_read_replaced_and_deleted() {
    run(async {
        let app = app().await;
        for create in ["create_note", "create_secret_note"] {
            let first: ActionHash = app.ask(create, "first").await;
            let record: Option<Record> = app.ask("get_record", &first).await;
            assert!(record.unwrap().entry().as_option().is_some());
            let update = create.replace("create", "update");
            let change = Change { original: first.clone(), text: "second" };
            let second: ActionHash = app.ask(&update, change).await;
            let _: ActionHash = app.ask("delete_by_action", &second).await;
            assert!(app.ask::<Option<Record>>("get_record_local", &second).await.is_none());
            let details: Option<Details> = app.ask("get_details_of", &first).await;
            let Some(Details::Record(details)) = details else { panic!("no details") };
            assert_eq!((details.updates.len(), details.deletes.len()), (1, 0));
        }
        assert!(app.refused("create_note", "invalid").await.contains("the note is refused"));
        let _: ActionHash = app.ask("create_blob", 3_900_000).await;
        assert!(app.refused("create_blob", 4_100_000).await.contains("exceeds the limit"));
    });
}

#[test]
fn links_paths_and_anchors_lead_where_they_should() {
    run(async {
        let app = app().await;
        let note: ActionHash = app.ask("create_note", "base").await;
        let base = AnyLinkableHash::from(note);
        let tagged = |tag: &str| LinkNotes { base: base.clone(), target: base.clone(), tag: tag.into() };
        let made: ActionHash = app.ask("link_notes", tagged("a1")).await;
        let _: ActionHash = app.ask("link_notes", tagged("b1")).await;
        let of = |prefix: Option<&str>| LinksOf { base: base.clone(), tag_prefix: prefix.map(Into::into) };
        assert_eq!(app.ask::<Vec<Link>>("links_of", of(Some("a"))).await.len(), 1);
        assert_eq!(app.ask::<Vec<Vec<Link>>>("links_of_built", of(None)).await[0].len(), 2);
        let _: ActionHash = app.ask("unlink", &made).await;
        assert_eq!(app.ask::<usize>("count_links_of", of(None)).await, 1);
        let details: LinkDetails = app.ask("links_details_of", of(None)).await;
        let deletes: usize = details.into_inner().iter().map(|(_, deletes)| deletes.len()).sum();
        assert_eq!(deletes, 1);

        assert!(!app.ask::<bool>("path_exists", "a.b.c").await);
        let hash: EntryHash = app.ask("ensure_path", "a.b.c").await;
        assert_eq!(hash, app.ask("path_hash", "a.b.c").await);
        let _: EntryHash = app.ask("ensure_path", "a.b.d").await;
        assert!(app.ask::<bool>("path_exists", "a.b").await);
        assert_eq!(app.ask::<Vec<String>>("path_children_texts", "a.b").await, ["a.b.c", "a.b.d"]);
        let details: LinkDetails = app.ask("path_children_details", "a.b").await;
        assert_eq!(details.into_inner().len(), 2);
        let anchor = json!({ "anchor_type": "fruit", "text": "apple" });
        let hash: EntryHash = app.ask("ensure_anchor", anchor).await;
        assert_eq!(app.ask::<Vec<AnyLinkableHash>>("anchor_addresses", "fruit").await, [hash.into()]);
        assert_eq!(app.ask::<Vec<AnyLinkableHash>>("anchor_type_addresses", ()).await.len(), 1);
        assert_eq!(app.ask::<Vec<String>>("anchor_tags", "fruit").await, ["apple"]);
    });
}

#[test]
fn one_call_commits_as_a_whole() {
    run(async {
        let app = app().await;
        app.ask::<()>("nothing", ()).await;
        let before = app.chain_length().await;
        for function in
            ["two_notes_then_fail", "two_notes_then_panic", "note_and_invalid", "nested_note_then_fail"]
        {
            app.refused(function, "x").await;
            assert_eq!(app.chain_length().await, before, "{function}");
        }
        let _: (ActionHash, ActionHash) = app.ask("two_notes", "x").await;
        assert_eq!(app.chain_length().await, before + 2);
        let slow = |ordering| json!({ "text": "slow", "ordering": ordering, "millis": 1500 });
        for (ordering, kept) in [("Relaxed", true), ("Strict", false)] {
            let [one, two] =
                [0, 1].map(|_| app.ask_zome::<ActionHash>("features", "slow_ordered", slow(ordering)));
            let (one, two) = tokio::join!(one, two);
            assert_eq!(one.is_ok() && two.is_ok(), kept, "{ordering}: {one:?} {two:?}");
            assert!(one.is_ok() || two.is_ok(), "{ordering}: {one:?} {two:?}");
        }
    });
}

#[test]
fn a_closed_chain_is_continued_by_another() {
    run(async {
        let app = app().await;
        let dna = app.ask::<DnaInfo>("info_dna", ()).await.hash;
        let target = MigrationTarget::Dna(dna);
        let close_hash: ActionHash = app.ask("chain_close", Some(&target)).await;
        let text = app.refused("create_note", "too late").await;
        assert!(text.contains("InvalidCommit") || text.contains("closed"), "{text}");
        let open = OpenChainInput { prev_target: target, close_hash };
        let _: ActionHash = app.0.call_zome("twin", "features", "chain_open", open).await.unwrap();
    });
}

#[test]
fn host_functions_are_called_directly_and_in_batches() {
    run(async {
        let app = app().await;
        let note: ActionHash = app.ask("create_note", "one of two").await;
        let wanted = [AnyDhtHash::from(note), ActionHash::from_raw_36(vec![9; 36]).into()];
        let found: Vec<Option<Record>> = app.ask("get_many", wanted).await;
        assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false]);
        let answers: Vec<ZomeCallResponse> =
            app.ask("call_many", [local("increment", 1), local("increment", 2)]).await;
        assert_eq!(answers.len(), 2);
    });
}

#[derive(Debug, Serialize)]
struct Change<'a> {
    original: ActionHash,
    text: &'a str,
}

#[derive(Debug, Serialize)]
struct LinkNotes {
    base: AnyLinkableHash,
    target: AnyLinkableHash,
    tag: Tag,
}

#[derive(Debug, Serialize)]
struct LinksOf {
    base: AnyLinkableHash,
    tag_prefix: Option<Tag>,
}

#[derive(Debug, Serialize)]
struct Tag(#[serde(with = "serde_bytes")] Vec<u8>);

impl From<&str> for Tag {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}
