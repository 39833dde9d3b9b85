use crate::dialect::Release;

use super::*;

/// A dump whose records have these actions and entries, in the format of a release.
fn dump(release: Release, records: &[(serde_json::Value, serde_json::Value)]) -> String {
    let records: Vec<_> = records
        .iter()
        .enumerate()
        .map(|(seq, (data, entry))| {
            let action = match Dialect::of(release).actions {
                ActionShape::Flat => data.clone(),
                ActionShape::HeaderAndData => serde_json::json!({ "header": { "action_seq": seq }, "data": data }),
            };
            serde_json::json!({ "action_address": vec![seq; 39], "action": action, "entry": entry, "signature": [] })
        })
        .collect();
    serde_json::json!([{ "source_chain_dump": { "records": records } }, "text for people"]).to_string()
}

fn action(kind: &str) -> serde_json::Value {
    serde_json::json!({ "type": kind })
}

fn grant(tag: &str) -> (serde_json::Value, serde_json::Value) {
    (action("Create"), serde_json::json!({ "entry_type": "CapGrant", "entry": { "tag": tag } }))
}

#[test]
fn a_record_is_read_in_the_words_of_each_release() {
    for release in Release::ALL {
        let deletes = serde_json::json!({ "type": "Delete", "deletes_address": vec![1; 39] });
        let text = serde_json::json!({ "entry_type": "App", "entry": "CloseChain" });
        let records = [
            (action("Create"), text),
            grant("ham:t"),
            (deletes, serde_json::Value::Null),
            (action("CloseChain"), serde_json::Value::Null),
        ];
        let read = read(&dump(release, &records), Dialect::of(release), None, 4).unwrap();
        // Only the action's type closes a chain, whatever an entry says.
        assert_eq!(read.iter().map(|record| record.closes).collect::<Vec<_>>(), [false, false, false, true]);
        assert_eq!(read[1].tag.as_deref(), Some("ham:t"), "{release}");
        assert_eq!(read[2].deletes, Some(read[1].address.clone()), "{release}");
    }
}

fn refused(dumped: &str, release: Release, after: Option<u32>, limit: u32) -> String {
    match read(dumped, Dialect::of(release), after, limit) {
        Ok(records) => panic!("{} records", records.len()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_page_that_does_not_advance_or_is_too_long_is_refused() {
    let whole = dump(Release::V0_7_1, &[grant("a"), grant("b")]);
    let too_long = refused(&whole, Release::V0_7_1, None, 1);
    assert!(too_long.contains("0.7.1") && too_long.contains("more of a chain"), "{too_long}");
    let same_again = refused(&whole, Release::V0_7_0, Some(0), 256);
    assert!(same_again.contains("another part of a chain"), "{same_again}");
    // A release that does not page is not asked to.
    assert_eq!(
        read(&dump(Release::V0_6, &[grant("a"), grant("b")]), Dialect::of(Release::V0_6), None, 1)
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn actions_in_the_words_of_another_release_are_refused() {
    for (spoken, named) in [(Release::V0_6, Release::V0_7_0), (Release::V0_7_0, Release::V0_6)] {
        let why = refused(&dump(spoken, &[grant("a")]), named, None, 4);
        assert!(why.contains("does not answer as Holochain"), "{why}");
    }
}

#[test]
fn what_is_no_dump_is_an_error_and_an_empty_chain_is_none() {
    for text in ["", "garbage", "{}", r#"[{"records":[]}, ""]"#] {
        assert!(refused(text, Release::V0_7_1, None, 1).contains("does not decode"), "{text}");
    }
    assert!(read(&dump(Release::V0_7_1, &[]), Dialect::of(Release::V0_7_1), None, 1).unwrap().is_empty());
}

/// Dumps hold capability secrets, and a parser's error can quote its input.
#[test]
fn a_dump_is_not_quoted_in_its_error() {
    let secret = r#"[{"source_chain_dump":{"records":[{"action_address":[],"action":{"type":7},"entry":"TOP-SECRET"}]}},""]"#;
    let strange = r#"[{"source_chain_dump":{"records":"TOP-SECRET"}},""]"#;
    for text in [secret, strange] {
        for release in Release::ALL {
            let why = refused(text, release, None, 4);
            assert!(!why.contains("SECRET") && why.contains("the dump has an error"), "{why}");
        }
    }
}
