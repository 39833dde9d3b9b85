//! Every row of the effect table, provoked on a real conductor: a release that rewords one fails here.

use ham::{CallError, NOTHING_WRITTEN};
use serde_json::json;

use crate::support::*;

/// The row that a refusal of a real conductor falls under.
fn row(error: &CallError) -> usize {
    let CallError::Refused { refusal, .. } = error else { panic!("{error:?}") };
    NOTHING_WRITTEN
        .iter()
        .position(|(kind, prefix, _)| *kind == refusal.kind() && refusal.text().starts_with(prefix))
        .unwrap_or_else(|| panic!("no row for {refusal:?}"))
}

#[test]
fn the_rows_are_what_a_conductor_says() {
    run(async {
        let (_, ham) = connected().await;
        let mut provoked = vec![
            row(&refused(&ham, "no_such_function", json!(null)).await),
            row(&refused(&ham, "fail", json!("x")).await),
            row(&refused(&ham, "create_item", json!({ "call_id": "i", "body": "invalid" })).await),
        ];
        let no_zome = ham.call_zome::<_, ()>("probe", "no_such_zome", "f", ()).await.unwrap_err();
        provoked.push(row(&no_zome));
        provoked.sort_unstable();
        provoked.dedup();
        assert_eq!(provoked.len(), 4, "{provoked:?}");
    });
}
