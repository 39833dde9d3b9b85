//! What an error says of the chain: of the called function, and of nothing else.

use holochain_conductor_api::ExternalApiWireError;

use super::*;
use fake::words::{guest, no_function, unauthorized};
use ham::Effect;

async fn refused(words: ExternalApiWireError) -> CallError {
    let conductor = Scripted::start().await;
    let (ham, mut link) = conductor.connect(conductor.config()).await;
    let script = async {
        let arrived = link.call().await;
        link.refuse(&arrived, words).await;
    };
    tokio::join!(call(&ham, "create", options()), script).0.unwrap_err()
}

/// Rows 5 and 6: the function wrote nothing itself. On a fresh cell `init` has written, and a call that came back through
/// another cell too, so that is all that the words promise.
#[tokio::test]
async fn nothing_was_written_by_the_called_function_itself() {
    for (words, outcome) in [
        (guest(), Outcome::Answered),
        (no_function(), Outcome::Answered),
        (unauthorized("BadNonce(\"Future\")"), Outcome::NotRun),
    ] {
        let error = refused(words).await;
        assert_eq!((error.outcome(), error.effect()), (outcome, Effect::Nothing), "{error:?}");
    }
    let promise = include_str!("../../README.md").split_once("- [`Effect::Nothing`] means").unwrap().1;
    let promise = promise.split_once("\n- ").unwrap().0;
    for words in ["the call's own writes", "`init`", "came back"] {
        assert!(promise.contains(words), "{words}: {promise}");
    }
}
