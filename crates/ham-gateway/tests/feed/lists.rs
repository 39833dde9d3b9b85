//! An app that lists its blocks.

use std::path::Path;

use ham_bundle::PackOptions;
use ham_devconductor::Observer;
use holochain_zome_types::prelude::{CellId, ExternIO, Record};

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
pub(crate) async fn bundle(directory: &Path) -> Vec<u8> {
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
pub(crate) async fn chain(observer: &Observer, cell: &CellId, after: u64) -> Vec<(String, u64)> {
    let records: Vec<Record> = observer.chain(cell).await.unwrap();
    let block =
        |record: &Record| (record.action_address().to_string(), u64::from(record.action().action_seq()));
    let mut blocks: Vec<_> = records.iter().map(block).filter(|(_, seq)| *seq > after).collect();
    blocks.sort_by_key(|(_, seq)| *seq);
    blocks
}
