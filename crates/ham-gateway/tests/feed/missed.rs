//! Blocks that were missed, asked of the chain.

use std::path::Path;

use ham_bundle::PackOptions;
use ham_devconductor::{DevConductor, Observer};
use ham_feed::{FeedItem, GapCause, Topic};
use ham_gateway::{Config, NewKey, Server};
use ham_testkit::chaos::Proxy;
use holochain_conductor_api::CellInfo;
use holochain_zome_types::prelude::{CellId, ExternIO, Record};

use crate::stage::{APP, Stage, data, must, next, stanza, write_keys};

/// Lists the whole chain, whatever is asked: hands on what `query` answers. The host's answer is `{"Ok": records}`, the function's
/// `{"Ok": bytes of records}`.
const LISTS: &str = r#"(module
    (import "env" "__hc__query_1" (func $query (param i32 i32) (result i64)))
    (memory (export "memory") 64)
    (global $top (mut i32) (i32.const 8192))
    (func $allocate (export "__hc__allocate_1") (param $length i32) (result i32)
        global.get $top
        (global.set $top (i32.add (global.get $top) (local.get $length))))
    (func (export "__hc__deallocate_1") (param i32 i32))
    (data (i32.const 1024) "FILTER")
    (data (i32.const 16) "\81\a2Ok\c6")
    (func (export "blocks_since") (param i32 i32) (result i64)
        (local $answer i64) (local $length i32) (local $out i32)
        (local.set $answer (call $query (i32.const 1024) (i32.const LENGTH)))
        (local.set $length (i32.sub (i32.wrap_i64 (local.get $answer)) (i32.const 4)))
        (local.set $out (call $allocate (i32.add (local.get $length) (i32.const 9))))
        (memory.copy (local.get $out) (i32.const 16) (i32.const 5))
        (i32.store8 (i32.add (local.get $out) (i32.const 5)) (i32.shr_u (local.get $length) (i32.const 24)))
        (i32.store8 (i32.add (local.get $out) (i32.const 6)) (i32.shr_u (local.get $length) (i32.const 16)))
        (i32.store8 (i32.add (local.get $out) (i32.const 7)) (i32.shr_u (local.get $length) (i32.const 8)))
        (i32.store8 (i32.add (local.get $out) (i32.const 8)) (local.get $length))
        (memory.copy
            (i32.add (local.get $out) (i32.const 9))
            (i32.add (i32.wrap_i64 (i64.shr_u (local.get $answer) (i64.const 32))) (i32.const 4))
            (local.get $length))
        (i64.or
            (i64.shl (i64.extend_i32_u (local.get $out)) (i64.const 32))
            (i64.extend_i32_u (i32.add (local.get $length) (i32.const 9))))))"#;

/// The app of the other tests, with a zome that lists its chain.
async fn bundle(directory: &Path) -> Vec<u8> {
    let features = concat!(env!("CARGO_MANIFEST_DIR"), "/../../happ/bundle/features.happ");
    let app = directory.join("app");
    ham_bundle::unpack(Path::new(features), Some(&app), false).await.unwrap();
    let dna = ham_bundle::unpack(&app.join("features.dna"), None, false).await.unwrap();
    let manifest = dna.join("dna.yaml");
    let mut text = std::fs::read_to_string(&manifest).unwrap();
    text.push_str("  - name: lists\n    hash: null\n    path: lists.wasm\n    dependencies:\n    - name: features_integrity\n");
    std::fs::write(&manifest, text).unwrap();
    let filter = ExternIO::encode(holochain_zome_types::prelude::ChainQueryFilter::new()).unwrap().0;
    let escaped: String = filter.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let module = LISTS.replace("FILTER", &escaped).replace("LENGTH", &filter.len().to_string());
    std::fs::write(dna.join("lists.wasm"), wat::parse_str(module).unwrap()).unwrap();
    let file = directory.join("app.happ");
    let options = PackOptions::default().with_recursive(true).with_output(Some(file.clone()));
    ham_bundle::pack(&app, &options).await.unwrap();
    std::fs::read(file).unwrap()
}

/// The chain from behind this height on: hashes and heights.
async fn chain(observer: &Observer, cell: &CellId, after: u64) -> Vec<(String, u64)> {
    let records: Vec<Record> = observer.chain(cell).await.unwrap();
    let block =
        |record: &Record| (record.action_address().to_string(), u64::from(record.action().action_seq()));
    let mut blocks: Vec<_> = records.iter().map(block).filter(|(_, seq)| *seq > after).collect();
    blocks.sort_by_key(|(_, seq)| *seq);
    blocks
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missed_while_the_link_is_down_is_told_once_and_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let conductor = DevConductor::start().await.unwrap();
    conductor.install(bundle(directory.path()).await, Some(APP.into())).await.unwrap();
    let port = conductor.attach_app_interface(0).await.unwrap();
    let proxy = Proxy::start(([127, 0, 0, 1], port).into()).await.unwrap();
    let key = NewKey::new().unwrap();
    write_keys(directory.path(), &stanza(&key, "**"));
    let text = format!(
        "listen = \"127.0.0.1:0\"\n[conductor]\nadmin_url = \"ws://localhost:{}\"\n[[app]]\nid = \"{APP}\"\n\
         ready = [\"features\"]\napp_url = \"ws://{}\"\nbackfill = \"features/lists/blocks_since\"\n\
         [feed.chains]\nsupply_chain = \"{APP}/features\"\n",
        conductor.admin_port(),
        proxy.address()
    );
    let config = Config::parse(&text).unwrap().with_keys(directory.path().join("keys.toml"));
    let server = Server::start(config).await.unwrap();
    must(server.ready()).await;
    let stage = Stage { conductor, server, directory, key: key.expose().to_owned() };
    let observer = stage.conductor.observer();
    let apps = observer.apps().await.unwrap();
    let CellInfo::Provisioned(cell) = &apps[0].cell_info["features"][0] else { panic!("a cell") };
    let cell = cell.cell_id.clone();
    let mut feed = stage.follow(Topic::chain("supply_chain")).await;
    let note = async |text: String| {
        let payload = ExternIO::encode(text).unwrap().0;
        observer.call(&cell, "features", "create_note", payload).await.unwrap();
    };
    note("before".to_owned()).await;
    let mut told = Vec::new();
    let block = |item: &FeedItem| {
        let block = data(item);
        (block["block_hash"].as_str().unwrap().to_owned(), block["height"].as_u64().unwrap())
    };
    while told.is_empty() {
        let item = next(&mut feed).await;
        if matches!(item, FeedItem::Block { .. }) {
            told.push(block(&item));
        }
    }
    let first = told[0].1;
    for round in 0..3 {
        proxy.set_refusing(true);
        proxy.cut_now();
        loop {
            if let FeedItem::Gap { cause: GapCause::LinkLost(_), .. } = next(&mut feed).await {
                break;
            }
        }
        for n in 0..5 {
            note(format!("missed {round} {n}")).await;
        }
        proxy.set_refusing(false);
        let wanted = chain(&observer, &cell, first - 1).await;
        while told.len() < wanted.len() {
            let item = next(&mut feed).await;
            if matches!(item, FeedItem::Block { .. }) {
                told.push(block(&item));
            }
        }
        assert_eq!(told, wanted);
    }
    // And goes on with what comes.
    note("after".to_owned()).await;
    loop {
        let item = next(&mut feed).await;
        if matches!(item, FeedItem::Block { .. }) {
            told.push(block(&item));
            break;
        }
    }
    assert_eq!(told, chain(&observer, &cell, first - 1).await);
    stage.end().await;
}
