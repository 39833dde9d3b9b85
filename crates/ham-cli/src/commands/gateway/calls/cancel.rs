//! Asking for calls not to be made, and what has come of that for each.

use serde_json::{Value, json};

use super::asking::Asking;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Which calls.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(in crate::commands::gateway) struct Which {
    /// The calls, as the list names them
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// All calls that wait to be sent
    #[arg(long)]
    queued: bool,
}

/// Asks for each of them, and says a line of each, also of those that the gateway refuses. Once it cannot be asked any more, the rest are
/// said to be as they were.
pub(super) async fn run(context: &Context, asking: &Asking<'_>, which: Which) -> Result<(), Failure> {
    let ids = if which.queued { queued(asking).await? } else { which.ids };
    if ids.is_empty() {
        context.output.note("no call is queued");
    }
    let say = |id: &str, words: &str, told: Value| context.output.result(|| format!("{id}  {words}"), &told);
    let failed = |id: &str, words: &str| say(id, words, json!({ "id": id, "error": words }));
    let (mut left, mut asked) = (0, ids.iter());
    while let Some(id) = asked.next() {
        match asking.answer("call.cancel", json!({ "id": id, "wait_s": 1 })).await {
            Ok(Ok(call)) => {
                left += usize::from(call["outcome"] != "not_run");
                say(id, cancelled(&call), call.clone())?;
            }
            Ok(Err(refusal)) => {
                left += 1;
                failed(id, &format!("not cancelled: {}", refusal.message()))?;
            }
            Err(failure) => {
                failed(id, if failure.exit == Exit::Unknown { MAYBE } else { NOT_ASKED })?;
                asked.try_for_each(|id| failed(id, NOT_ASKED))?;
                return Err(failure);
            }
        }
    }
    let many = match (left, ids.len()) {
        (0, _) => return Ok(()),
        (1, 1) => "it is not cancelled".to_owned(),
        (1, all) => format!("1 of {all} is not cancelled"),
        (left, all) => format!("{left} of {all} are not cancelled"),
    };
    let advice = "each line says why; `ham gateway calls show ID` says what has become of one since";
    Err(Failure::new(Exit::Refused, anyhow::anyhow!(many), advice))
}

async fn queued(asking: &Asking<'_>) -> Result<Vec<String>, Failure> {
    let calls = asking.list(false, true, usize::MAX).await?;
    let waiting = calls.iter().filter(|call| call["state"] == "queued");
    Ok(waiting.filter_map(|call| call["id"].as_str().map(ToOwned::to_owned)).collect())
}

/// What asking for a call not to be made has come to.
fn cancelled(call: &Value) -> &'static str {
    let word = |name: &str| call[name].as_str();
    match (word("outcome"), word("state")) {
        (Some("not_run"), _) => "cancelled",
        (Some("unknown"), _) => {
            "too late: it may have run, and nobody can tell any more: look at the chain before it is made again"
        }
        (Some("arrived"), _) => {
            "too late: it arrived, and its answer is lost: look at the chain before it is made again"
        }
        (Some(_), _) => "too late: it has ended",
        (None, Some("queued")) => "it is asked for, and not on the gateway's disk yet",
        (None, Some("fencing")) => {
            "too late: it has left, and no answer comes any more; once the gateway reaches the conductor, it finds out whether it ran"
        }
        (None, _) => "too late: it has left, and its answer is kept if one comes",
    }
}

const NOT_ASKED: &str = "not asked for: the gateway could not be asked";
const MAYBE: &str = "it is asked for, and the gateway did not say what came of it";

#[cfg(test)]
mod tests {
    use super::*;

    /// Of one whose answer was lost it was said that its answer is kept when it comes.
    #[test]
    fn an_answer_is_promised_only_where_one_may_come() {
        let told = |state, outcome: Option<&str>| cancelled(&json!({ "state": state, "outcome": outcome }));
        assert_eq!(told("settled", Some("not_run")), "cancelled");
        assert!(told("signed", None).contains("its answer is kept if one comes"));
        for outcome in ["unknown", "arrived"] {
            assert!(told("settled", Some(outcome)).contains("look at the chain"));
        }
        assert!(told("fencing", None).contains("no answer comes any more"));
        for (state, outcome) in [("queued", None), ("settled", Some("answered"))] {
            assert!(!told(state, outcome).contains("answer"));
        }
    }
}
