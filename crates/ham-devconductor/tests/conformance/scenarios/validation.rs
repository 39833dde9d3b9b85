//! What validation refuses, and what a refusal leaves behind.

use holo_hash::{ActionHash, AnyDhtHash, EntryHash};
use holochain_types::prelude::AnyLinkableHash;
use rmpv::Value;

use crate::app::Zome;
use crate::stage::Stage;
use crate::value::map;

/// How many records the chain has, and what kinds its last ones are.
async fn chain(stage: &mut Stage, step: &str, zome: &Zome) {
    let records: Vec<Value> = zome.quiet("query_chain", query()).await;
    stage.note(step, records.len());
}

/// A filter that selects everything, without entries.
pub(crate) fn query() -> holochain_types::prelude::ChainQueryFilter {
    holochain_types::prelude::ChainQueryFilter::new()
}

fn rule(op: &str, outcome: Value) -> Value {
    map! { op: op, outcome: outcome }
}

fn verdict(name: &str, rules: Vec<Value>) -> Value {
    map! { name: name, rules: rules }
}

fn invalid(text: &str) -> Value {
    map! { Invalid: text }
}

fn valid() -> Value {
    "Valid".into()
}

pub(crate) async fn refused_notes(stage: &mut Stage) {
    let (_, zome) = stage.features().await;
    stage.call(&zome, "create_note", "fine").await;
    chain(stage, "records", &zome).await;
    stage.call(&zome, "create_note", "invalid").await;
    let note: ActionHash = stage.get(&zome, "create_note", "to be changed").await;
    stage.call(&zome, "update_note", map! { original: note, text: "invalid" }).await;
    stage.call(&zome, "create_secret_note", "invalid").await;
    stage.call(&zome.beside("mirror"), "create_note", "invalid").await;
    chain(stage, "records", &zome).await;
    let probe = stage.install("probe.happ", "probe").await;
    let items = stage.enter(&probe, "probe", "probe").await;
    stage.call(&items, "create_item", map! { call_id: "a", body: "invalid" }).await;
    stage.call(&items, "count_items", ()).await;
    let ledger = stage.enter(&probe, "ledger", "ledger").await;
    stage.call(&ledger, "post", map! { call_id: "a", amount: 0 }).await;
    stage.call(&ledger, "post", map! { call_id: "a", amount: 5 }).await;
    stage.call(&ledger, "total", ()).await;
    stage.call(&items, "call_ledger", map! { call_id: "b", amount: 0 }).await;
    stage.call(&ledger, "list_posts", ()).await;
}

pub(crate) async fn verdicts_of_entries(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    for op in ["CreateRecord", "CreateEntry", "AgentActivity"] {
        stage.call(&zome, "create_verdict", verdict(op, vec![rule(op, invalid("refused"))])).await;
    }
    // Which zomes are asked.
    for op in ["CreateRecord", "CreateEntry", "AgentActivity"] {
        for asked in ["features_integrity", "witness_integrity", "bare_integrity"] {
            let rules = vec![map! { op: op, zome: asked, outcome: invalid(asked) }];
            stage.call(&zome, "create_verdict", verdict(&format!("{op} {asked}"), rules)).await;
        }
    }
    // The one that is asked first decides, or failing goes before waiting.
    let both = |first: Value, second: Value| {
        vec![
            map! { op: "AgentActivity", zome: "features_integrity", outcome: first },
            map! { op: "AgentActivity", zome: "witness_integrity", outcome: second },
        ]
    };
    let unresolved = || map! { Unresolved: Vec::<AnyDhtHash>::new() };
    stage.call(&zome, "create_verdict", verdict("one", both(unresolved(), invalid("second")))).await;
    stage.call(&zome, "create_verdict", verdict("two", both(invalid("first"), unresolved()))).await;
    stage.call(&zome, "create_verdict", verdict("three", both(invalid("first"), invalid("second")))).await;
    let several = vec![
        rule("CreateEntry", invalid("of the entry")),
        rule("CreateRecord", invalid("of the record")),
        rule("AgentActivity", invalid("of the activity")),
    ];
    stage.call(&zome, "create_verdict", verdict("all", several)).await;
    chain(stage, "records", &zome).await;
}

pub(crate) async fn verdicts_of_updates(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    let original: ActionHash = stage.get(&zome, "create_verdict", verdict("original", vec![])).await;
    for op in ["CreateRecord", "CreateEntry", "Update", "AgentActivity"] {
        let verdict = verdict(op, vec![rule(op, invalid("refused"))]);
        stage.call(&zome, "update_verdict", map! { original: original, verdict: verdict }).await;
    }
    for op in ["Delete", "AgentActivity", "CreateRecord"] {
        let rules = vec![map! { op: op, action: "Delete", outcome: invalid("not to be deleted") }];
        let kept: ActionHash =
            stage.get(&zome, "create_verdict", verdict(&format!("kept {op}"), rules)).await;
        stage.call(&zome, "delete_verdict", &kept).await;
    }
    let updated: ActionHash = stage
        .get(&zome, "update_verdict", map! { original: original, verdict: verdict("updated", vec![rule("Delete", invalid("the update stays"))]) })
        .await;
    stage.call(&zome, "delete_verdict", &updated).await;
    stage.call(&zome, "delete_verdict", &original).await;
    chain(stage, "records", &zome).await;
}

pub(crate) async fn verdicts_of_links(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    let base = AnyLinkableHash::from(EntryHash::from_raw_32(vec![1; 32]));
    let link = |verdict: Value| map! { base: base, target: base, verdict: verdict };
    for op in ["CreateLink", "CreateRecord", "AgentActivity"] {
        let rules = vec![map! { op: op, action: "CreateLink", outcome: invalid("no such link") }];
        stage.call(&zome, "link_verdict", link(verdict(op, rules))).await;
    }
    for op in ["DeleteLink", "CreateRecord", "AgentActivity"] {
        let rules = vec![map! { op: op, action: "DeleteLink", outcome: invalid("the link stays") }];
        let made: ActionHash = stage.get(&zome, "link_verdict", link(verdict(op, rules))).await;
        stage.call(&zome, "unlink_verdict", &made).await;
    }
    let rules = vec![rule(
        "CreateLink",
        map! { Unresolved: [AnyDhtHash::from(EntryHash::from_raw_32(vec![2; 32]))] },
    )];
    stage.call(&zome, "link_verdict", link(verdict("later", rules))).await;
    chain(stage, "records", &zome).await;
}

pub(crate) async fn verdict_outcomes(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    let outcomes = [
        ("valid", valid()),
        ("error", map! { Error: "an error of the guest" }),
        ("panic", map! { Panic: "a trap" }),
        ("forbidden", "Forbidden".into()),
        ("empty reason", invalid("")),
    ];
    for (name, outcome) in outcomes {
        for op in ["CreateEntry", "AgentActivity"] {
            let verdict = verdict(&format!("{name} {op}"), vec![rule(op, outcome.clone())]);
            stage.call(&zome, "create_verdict", verdict).await;
        }
    }
    chain(stage, "records", &zome).await;
}

pub(crate) async fn unresolved_verdicts(stage: &mut Stage) {
    let (app, zome) = stage.shared().await;
    let there: ActionHash = zome.quiet("create_note", "there").await;
    let entry: EntryHash = zome.quiet("hash_of_note", "there").await;
    let no_entry = EntryHash::from_raw_32(vec![8; 32]);
    let no_action = ActionHash::from_raw_32(vec![8; 32]);
    let fetch = |what: Value| map! { Fetch: what };
    let filter = |top: &ActionHash| holochain_types::prelude::ChainFilter::new(top.clone());
    let outcomes = [
        ("unresolved", map! { Unresolved: [AnyDhtHash::from(no_entry.clone())] }),
        ("nothing unresolved", map! { Unresolved: Vec::<AnyDhtHash>::new() }),
        ("no entry", fetch(map! { Entry: no_entry })),
        ("no action", fetch(map! { Action: no_action })),
        ("no record", fetch(map! { ValidRecord: no_action })),
        ("no activity", fetch(map! { Activity: map! { author: app.agent, filter: filter(&no_action) } })),
        ("entry", fetch(map! { Entry: entry })),
        ("action", fetch(map! { Action: there })),
        ("record", fetch(map! { ValidRecord: there })),
        ("activity", fetch(map! { Activity: map! { author: app.agent, filter: filter(&there) } })),
    ];
    for (name, outcome) in outcomes {
        stage.say("outcome", name);
        stage.call(&zome, "create_verdict", verdict(name, vec![rule("CreateEntry", outcome)])).await;
    }
    chain(stage, "records", &zome).await;
}

pub(crate) async fn bare_validation(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    let bare = zome.beside("bare");
    stage.call(&bare, "bare_create", "some text").await;
    stage.call(&bare, "bare_create", ()).await;
    stage.call(&bare, "bare_create", 7).await;
    chain(stage, "records", &zome).await;
}

/// A call that computes after it has written, and another that writes meanwhile.
pub(crate) async fn strict_and_relaxed(stage: &mut Stage) {
    let (_, zome) = stage.features().await;
    zome.quiet::<()>("nothing", ()).await;
    for ordering in ["Relaxed", "Strict"] {
        let slow = zome.send("slow_ordered", map! { text: "slow", ordering: ordering, millis: 1500 });
        let quick = async {
            let began: rmpv::Value = zome.quiet("create_note", "meanwhile").await;
            began
        };
        let (slow, quick) = tokio::join!(slow, quick);
        stage.note(&format!("{ordering}, meanwhile"), quick);
        match slow {
            Ok(answer) => stage.shown(&format!("{ordering}, slow"), &answer),
            Err(error) => {
                let text = format!("{error:?}");
                stage.note(
                    &format!("{ordering}, the head has moved"),
                    text.contains("source chain head has moved"),
                );
            }
        }
        chain(stage, &format!("{ordering}, records"), &zome).await;
    }
    let note: ActionHash =
        stage.get(&zome, "create_ordered", map! { text: "first", ordering: "Strict" }).await;
    for ordering in ["Strict", "Relaxed"] {
        stage
            .call(&zome, "update_ordered", map! { original: note, text: "second", ordering: ordering })
            .await;
        stage.call(&zome, "link_ordered", map! { original: note, text: "tag", ordering: ordering }).await;
    }
    stage.call(&zome, "delete_ordered", map! { original: note, text: "", ordering: "Strict" }).await;
    chain(stage, "records", &zome).await;
}

pub(crate) async fn atomic_writes(stage: &mut Stage) {
    let (_, zome) = stage.features().await;
    for function in [
        "two_notes",
        "two_notes_then_fail",
        "two_notes_then_panic",
        "note_and_invalid",
        "nested_note_then_fail",
        "nested_failure_ignored",
        "note_read_back",
    ] {
        stage.call(&zome, function, format!("by {function}")).await;
        chain(stage, "records", &zome).await;
    }
    stage.call(&zome, "info_agent_around_write", ()).await;
    stage.call(&zome, "schedule_then_fail", ()).await;
    stage.call(&zome, "signal_then_fail", "said").await;
    chain(stage, "records", &zome).await;
}
