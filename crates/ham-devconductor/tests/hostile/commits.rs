//! Many calls that write to one chain at the same time.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde::Serialize;
use serde_json::Value;

use crate::support::run;

/// Case: every call is acknowledged, and the chain forks: `holochain_state` puts what was staged on the head that it found
/// and checks another one (`docs/upstream/relaxed-writes-fork.md`).
#[test]
fn relaxed_writes_at_once_neither_fork_a_chain_nor_lose_anything() {
    #[derive(Debug, Serialize)]
    struct Note {
        text: String,
        ordering: &'static str,
    }
    run(async |server| {
        let app = server.new_features().await;
        let mut acknowledged = Vec::new();
        for round in 0..60 {
            let writes = (0..8).map(async |caller| {
                let text = format!("{round}-{caller}");
                let note = Note { text: text.clone(), ordering: "Relaxed" };
                app.call("create_ordered", note).await.map(|_| text).unwrap()
            });
            acknowledged.extend(join_all(writes).await);
        }
        let dump = server.admin.dump_state(app.cell.clone(), None, None).await.unwrap();
        let dump: Value = serde_json::from_str(&dump).unwrap();
        let records = dump[0]["source_chain_dump"]["records"].as_array().expect("the records of the chain");
        let mut numbers = BTreeMap::<u64, usize>::new();
        let mut previous = BTreeMap::<String, usize>::new();
        for record in records {
            let header = &record["action"]["header"];
            *numbers.entry(header["action_seq"].as_u64().expect("a number")).or_default() += 1;
            *previous.entry(header["prev_action"].to_string()).or_default() += 1;
        }
        assert!(numbers.values().chain(previous.values()).all(|count| *count == 1), "{numbers:?}");
        assert_eq!(
            numbers.keys().copied().collect::<Vec<_>>(),
            (0..records.len() as u64).collect::<Vec<_>>()
        );
        // The text is in the entry's bytes.
        let entries: Vec<String> = records.iter().filter_map(|record| text(&record["entry"])).collect();
        for text in acknowledged {
            assert_eq!(entries.iter().filter(|entry| **entry == text).count(), 1, "{text}");
        }
    });
}

/// The text of a note, which is a struct of one field.
fn text(entry: &Value) -> Option<String> {
    let bytes: Vec<u8> = serde_json::from_value(entry["entry"].clone()).ok()?;
    let note: BTreeMap<String, String> = rmp_serde::from_slice(&bytes).ok()?;
    note.into_values().next()
}
