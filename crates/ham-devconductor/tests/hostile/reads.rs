//! Chains that are too large to be written, or read, in one call.

use std::time::Duration;

use ham_devconductor::{Config, Limits};
use holochain_types::prelude::{
    ActivityRequest, AgentPubKey, CapClaim, CapSecret, ChainQueryFilter, ChainTopOrdering, CreateInput,
    Entry, EntryDefLocation, EntryVisibility, ExternIO, GetAgentActivityInput, GetOptions,
};
use serde_json::{Value, json};

use crate::budget::{encoded, with_input};
use crate::support::{App, Server, run, says};
use crate::zome::{Dna, GOOD, function, import, module};

/// A zome whose `run` stages so many entries of this size, and whose `look` gives what it is called with to another host function.
/// In front of that are so many bytes that say how long it is.
fn zome(count: u32, bytes: usize, reads: &str, head: usize) -> String {
    let write = function(&format!(
        "(local $left i32) (local.set $left (i32.const {count}))
        (loop $on
            (global.set $top (i32.const 8192))
            (drop (call $host (i32.const PLACE) (i32.const LENGTH)))
            (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        {GOOD}"
    ));
    let look = format!(
        r#"(func (export "look") (param $at i32) (param $length i32) (result i64)
            (call $read
                (i32.add (local.get $at) (i32.const {head})) (i32.sub (local.get $length) (i32.const {head}))))"#
    );
    let read = format!(r#"(import "env" "__hc__{reads}" (func $read (param i32 i32) (result i64)))"#);
    let text = module(&format!("{}{read}", import("create_1")), &format!("{write}{look}"));
    with_input(&text, &encoded(&claim(bytes)))
}

/// An entry that needs no type of the app.
fn claim(bytes: usize) -> CreateInput {
    let grantor = AgentPubKey::from_raw_32(vec![1; 32]);
    let claim = CapClaim { tag: "x".repeat(bytes), grantor, secret: CapSecret::from([0; 64]) };
    let (place, entry) = (EntryDefLocation::CapClaim, Entry::CapClaim(claim));
    CreateInput::new(place, EntryVisibility::Private, entry, ChainTopOrdering::Relaxed)
}

/// Of an argument of so many bytes.
fn head(bytes: usize) -> usize {
    if bytes < 256 { 2 } else { 3 }
}

async fn look(app: &App, input: Vec<u8>) -> String {
    app.send(app.sign(&app.params("look", ExternIO::from(input))))
        .await
        .expect_err("it is no answer of a zome")
}

async fn records(server: &Server, app: &App) -> usize {
    let dump = server.admin.dump_state(app.cell.clone(), None, None).await.unwrap();
    let dump: Value = serde_json::from_str(&dump).unwrap();
    dump[0]["source_chain_dump"]["records"].as_array().unwrap().len()
}

/// Case: a commit ran on for as long as it took, while whoever wrote to the chain waited.
#[test]
fn a_commit_ends_with_the_time_of_its_call() {
    run(async |_| {
        let time = Duration::from_secs(4);
        let server = Server::with(Config::default().with_limits(Limits::default().with_time(time))).await;
        let id = server.install(Dna::with_coordinator(&zome(30_000, 10, "query_1", 2))).await.unwrap();
        let app = server.connect(&id).await;
        let before = records(&server, &app).await;
        says(&app.call("run", ()).await.expect_err("it is committed"), "4s (--max-call-time)");
        assert_eq!(records(&server, &app).await, before);
        server.serves().await;
        // The chain can be written to: a grant is.
        server.connect(&id).await.call("good", ()).await.unwrap();
        assert_eq!(records(&server, &app).await, before + 1);
        server.conductor.shut_down().await;
    });
}

/// Case: all of a chain was read, however little memory the call had.
#[test]
fn a_chain_is_read_as_far_as_there_is_memory() {
    run(async |_| {
        let limits = Limits::default().with_memory(24 << 20);
        let server = Server::with(Config::default().with_limits(limits)).await;
        let input = encoded(&ChainQueryFilter::new().include_entries(true));
        let text = zome(1, 3_900_000, "query_1", head(input.len()));
        let app = server.connect(&server.install(Dna::with_coordinator(&text)).await.unwrap()).await;
        for _ in 0..8 {
            app.call("run", ()).await.unwrap();
        }
        says(&look(&app, input).await, "25165824 bytes of memory (--max-memory)");
        server.conductor.shut_down().await;
    });
}

/// Case: the same of the actions of an agent.
#[test]
fn the_activity_of_an_agent_is_read_as_far_as_there_is_memory() {
    run(async |_| {
        let directory = tempfile::tempdir().unwrap();
        let config = Config::default().with_data(directory.path());
        let activity = |agent: &AgentPubKey| {
            encoded(&GetAgentActivityInput::new(
                agent.clone(),
                ChainQueryFilter::new(),
                ActivityRequest::Full,
                GetOptions::local(),
            ))
        };
        let head = head(activity(&AgentPubKey::from_raw_32(vec![1; 32])).len());
        let text = zome(1200, 10, "get_agent_activity_1", head);
        let server = Server::with(config.clone()).await;
        let id = server.install(Dna::with_coordinator(&text)).await.unwrap();
        server.connect(&id).await.call("run", ()).await.unwrap();
        server.conductor.shut_down().await;

        // The zome's own memory is a part of it.
        let server = Server::with(config.with_limits(Limits::default().with_memory(1_700_000))).await;
        let app = server.connect(&id).await;
        app.call("good", ()).await.unwrap();
        says(&look(&app, activity(app.cell.agent_pubkey())).await, "1700000 bytes of memory (--max-memory)");
        server.conductor.shut_down().await;
    });
}

/// Where a chain may not fit into the memory of a call its entries are read one after the other; they are the same.
#[test]
fn a_chain_that_may_be_too_large_is_read_whole() {
    run(async |server| {
        let app = server.new_features().await;
        for text in 0..30 {
            let note = json!({ "text": text.to_string(), "ordering": "Relaxed" });
            app.call("create_ordered", note).await.unwrap();
        }
        let filter = ChainQueryFilter::new().include_entries(true);
        let found = app.call("query_chain", filter).await.unwrap();
        let found: Vec<holochain_types::prelude::Record> = found.decode().unwrap();
        let dump = records(server, &app).await;
        assert_eq!(found.len(), dump);
        let with_entry = found.iter().filter(|record| record.entry().as_option().is_some()).count();
        let should = found.iter().filter(|record| record.action().entry_hash().is_some()).count();
        assert!(with_entry == should && should > 30, "{with_entry} of {should}");
    });
}
