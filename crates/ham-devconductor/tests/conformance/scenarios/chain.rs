//! Chains, as their agents and administrators see them.

use holo_hash::{ActionHash, EntryHash};
use holochain_types::prelude::{
    ActionType, ActivityRequest, ChainFilter, ChainQueryFilterRange, EntryType, GetAgentActivityInput,
    GetOptions, MigrationTarget,
};
use rmpv::Value;

use crate::app::Zome;
use crate::scenarios::validation::query;
use crate::stage::Stage;
use crate::value::map;

pub(crate) async fn chain_queries(stage: &mut Stage) {
    let (_, zome) = stage.features().await;
    for text in ["one", "two", "three"] {
        zome.quiet::<ActionHash>("create_note", text).await;
    }
    zome.quiet::<ActionHash>("create_secret_note", "secret").await;
    let all: Vec<Value> = zome.quiet("query_chain", query().include_entries(true)).await;
    stage.note("with entries", &all);
    let first: ActionHash = zome.quiet("create_note", "bound").await;
    let last: ActionHash = zome.quiet("create_note", "last").await;
    let entry: EntryHash = zome.quiet("hash_of_note", "two").await;
    let range = |range: ChainQueryFilterRange| query().sequence_range(range);
    for (step, filter) in [
        ("all", query()),
        ("descending", query().descending()),
        ("creates", query().action_type(ActionType::Create)),
        ("agent", query().entry_type(EntryType::AgentPubKey)),
        ("grants", query().entry_type(EntryType::CapGrant)),
        ("no type", query().action_type(ActionType::OpenChain)),
        ("from 2 to 4", range(ChainQueryFilterRange::ActionSeqRange(2, 4))),
        ("from 4 to 2", range(ChainQueryFilterRange::ActionSeqRange(4, 2))),
        ("beyond the end", range(ChainQueryFilterRange::ActionSeqRange(90, 99))),
        ("between hashes", range(ChainQueryFilterRange::ActionHashRange(first.clone(), last.clone()))),
        (
            "between hashes, reversed",
            range(ChainQueryFilterRange::ActionHashRange(last.clone(), first.clone())),
        ),
        ("two before a hash", range(ChainQueryFilterRange::ActionHashTerminated(last.clone(), 2))),
        (
            "an unknown hash",
            range(ChainQueryFilterRange::ActionHashTerminated(ActionHash::from_raw_32(vec![1; 32]), 2)),
        ),
        ("an entry", query().entry_hashes([entry.clone()].into_iter().collect())),
        ("no entry of these", query().entry_hashes(std::iter::empty().collect())),
    ] {
        stage.say("filter", step);
        stage.call(&zome, "query_chain", filter).await;
    }
}

fn activity(agent: &holo_hash::AgentPubKey, request: ActivityRequest) -> GetAgentActivityInput {
    GetAgentActivityInput::new(agent.clone(), query(), request, GetOptions::local())
}

pub(crate) async fn own_activities(stage: &mut Stage) {
    let (app, zome) = stage.features().await;
    stage.call(&zome, "own_activity_local", ()).await;
    zome.quiet::<ActionHash>("create_note", "one").await;
    stage.call(&zome, "own_activity_local", ()).await;
    stage.call(&zome, "activity_of", activity(&app.agent, ActivityRequest::Status)).await;
    let nobody = holo_hash::AgentPubKey::from_raw_32(vec![1; 32]);
    stage.call(&zome, "activity_of", activity(&nobody, ActivityRequest::Full)).await;
    let peer = stage.install("features.happ", "peer").await;
    let there = stage.enter(&peer, "features", "features").await;
    there.quiet::<()>("nothing", ()).await;
    stage.call(&zome, "activity_of", activity(&peer.agent, ActivityRequest::Full)).await;
    let mut filtered = activity(&app.agent, ActivityRequest::Full);
    filtered.chain_query_filter = query().action_type(ActionType::Create);
    stage.call(&zome, "activity_of", filtered).await;
}

pub(crate) async fn must_gets(stage: &mut Stage) {
    let (app, zome) = stage.shared().await;
    let one: ActionHash = zome.quiet("create_note", "one").await;
    let two: ActionHash = zome.quiet("create_note", "two").await;
    let secret: ActionHash = zome.quiet("create_secret_note", "secret").await;
    let entry: EntryHash = zome.quiet("hash_of_note", "one").await;
    stage.call(&zome, "must_action", &one).await;
    stage.call(&zome, "must_entry", &entry).await;
    stage.call(&zome, "must_valid_record", &one).await;
    stage.call(&zome, "must_valid_record", &secret).await;
    let none = ActionHash::from_raw_32(vec![1; 32]);
    let nobody = holo_hash::AgentPubKey::from_raw_32(vec![1; 32]);
    for (step, author, filter) in [
        ("all", &app.agent, ChainFilter::new(two.clone())),
        ("two", &app.agent, ChainFilter::take(two.clone(), 2)),
        ("until", &app.agent, ChainFilter::until_hash(two.clone(), one.clone())),
        ("of a missing top", &app.agent, ChainFilter::new(none.clone())),
        ("until a missing one", &app.agent, ChainFilter::until_hash(two.clone(), none.clone())),
        ("of nobody", &nobody, ChainFilter::new(two.clone())),
    ] {
        stage.say("asked", step);
        stage.call(&zome, "must_activity", map! { author: author, chain_filter: filter }).await;
    }
}

async fn ended(stage: &mut Stage, zome: &Zome) {
    stage.call(zome, "create_note", "after the end").await;
    stage.call(zome, "nothing", ()).await;
    stage.call(zome, "chain_close", ()).await;
    let records: Vec<Value> = zome.quiet("query_chain", query()).await;
    stage.note("records", records.len());
    stage.note("the last", records.last());
}

pub(crate) async fn closed_chain(stage: &mut Stage) {
    let (app, zome) = stage.features().await;
    stage.call(&zome, "create_note", "before the end").await;
    let target = MigrationTarget::Dna(holo_hash::DnaHash::from_raw_32(vec![1; 32]));
    stage.call(&zome, "chain_close", Some(target)).await;
    ended(stage, &zome).await;
    stage.grant("grant", &zome.cell).await;
    let twin = stage.enter(&app, "twin", "features").await;
    stage.call(&twin, "chain_close", Some(MigrationTarget::Agent(app.agent.clone()))).await;
    let probe = stage.install("probe.happ", "probe").await;
    let probe = stage.enter(&probe, "probe", "probe").await;
    stage.call(&probe, "close_my_chain", ()).await;
    stage.call(&probe, "create_item", map! { call_id: "a", body: "b" }).await;
}

pub(crate) async fn opened_chain(stage: &mut Stage) {
    let (app, zome) = stage.features().await;
    let close = ActionHash::from_raw_32(vec![1; 32]);
    let target = MigrationTarget::Dna(holo_hash::DnaHash::from_raw_32(vec![1; 32]));
    stage.call(&zome, "chain_open", map! { prev_target: target, close_hash: close }).await;
    stage.call(&zome, "create_note", "opened").await;
    let twin = stage.enter(&app, "twin", "features").await;
    let target = MigrationTarget::Agent(app.agent.clone());
    stage.call(&twin, "chain_open", map! { prev_target: target, close_hash: close }).await;
    stage.call(&twin, "query_chain", query()).await;
}

pub(crate) async fn dumped_chain(stage: &mut Stage) {
    let (_, zome) = stage.features().await;
    let note: ActionHash = zome.quiet("create_note", "one").await;
    zome.quiet::<ActionHash>("create_secret_note", "secret").await;
    zome.quiet::<ActionHash>("delete_by_action", note).await;
    let dump = stage.admin.dump_state(zome.cell.clone(), None, None).await.unwrap();
    let (state, text): (serde_json::Value, String) = serde_json::from_str(&dump).unwrap();
    stage.note("chain", &state["source_chain_dump"]["records"]);
    let mut keys: Vec<&String> = state.as_object().unwrap().keys().collect();
    keys.sort();
    stage.note("fields", keys);
    let mut keys: Vec<&String> = state["source_chain_dump"].as_object().unwrap().keys().collect();
    keys.sort();
    stage.note("fields of the chain", keys);
    stage.note("lines of text", text.lines().count());
    let full = stage.admin.dump_full_state(zome.cell.clone(), None, None).await.unwrap();
    stage.note("integrated", full.integration_dump.integrated.len());
    stage.note(
        "in limbo",
        (full.integration_dump.validation_limbo.len(), full.integration_dump.integration_limbo.len()),
    );
}

pub(crate) async fn entry_kinds(stage: &mut Stage) {
    let (_, zome) = stage.shared().await;
    for (function, input) in [
        ("create_note", Value::from("public")),
        ("create_secret_note", "private".into()),
        ("create_blob", 5.into()),
        ("create_verdict", map! { name: "v", rules: Vec::<Value>::new() }),
    ] {
        let hash: ActionHash = stage.get(&zome, function, input).await;
        stage.call(&zome, "get_record_local", hash).await;
    }
    let hash: ActionHash = stage.get(&zome.beside("bare"), "bare_create", "bare").await;
    stage.call(&zome.beside("bare"), "bare_get", hash).await;
    for text in ["", "a", "ä\u{1F600}"] {
        let hash: EntryHash = zome.quiet("hash_of_note", text).await;
        stage.note("the hash itself", format!("{hash}").split_at(2).1);
    }
}
