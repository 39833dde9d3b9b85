//! The kinds of calls that the simulation's model conductor knows, on this one.

use ham::{CallError, Effect, Outcome, PersistentHam};
use serde_json::{Value, json};

use crate::support::*;

/// The model is held against the same table in `ham-sim`.
const TABLE: &str = include_str!("../../../ham-sim/kinds.txt");

/// How many actions the chain of the role `probe` has.
async fn actions(ham: &PersistentHam) -> usize {
    let cell = ham.callable("probe").await.unwrap();
    let dump = ham.admin().unwrap().dump_state(&cell, None, None).await.unwrap();
    let dump: Value = serde_json::from_str(&dump).unwrap();
    dump[0]["source_chain_dump"]["records"].as_array().unwrap().len()
}

#[test]
fn each_kind_of_call_becomes_what_it_becomes_in_the_simulation() {
    run(async {
        let (_, ham) = connected().await;
        for row in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let (zome, function, payload) = match row.split_whitespace().next().unwrap() {
                "read" => ("probe", "echo_text", json!("hello")),
                "write" => ("probe", "create_item", item("write")),
                "slow_write" => ("probe", "slow_create", json!({ "call_id": "slow", "millis": 200 })),
                "big" => ("probe", "echo_text", json!("x".repeat(100_000))),
                "init" => ("probe", "init", json!(null)),
                "fail" => ("probe", "create_then_fail", json!({ "call_id": "fail" })),
                "no_function" => ("probe", "no_such_function", json!(null)),
                "no_zome" => ("no_such_zome", "read", json!(null)),
                kind => panic!("a kind without a call: {kind}"),
            };
            let before = actions(&ham).await;
            let called: Result<serde::de::IgnoredAny, CallError> =
                ham.call_zome("probe", zome, function, payload).await;
            let what = match &called {
                Ok(_) => "output".to_owned(),
                Err(error) if (error.outcome(), error.effect()) == (Outcome::Answered, Effect::Nothing) => {
                    "error".to_owned()
                }
                Err(error) => format!("{error:?}"),
            };
            let became = [what, (actions(&ham).await - before).to_string()];
            let expected: Vec<_> = row.split_whitespace().skip(1).collect();
            assert_eq!(became, expected[..], "{row}: {called:?}");
        }
    });
}
