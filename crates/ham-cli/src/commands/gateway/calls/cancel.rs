//! Asking for calls not to be made, and what has come of that for each.

use std::cell::Cell;
use std::pin::pin;

use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use super::asking::{Asking, Gateway, call_id};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Which calls.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(in crate::commands::gateway) struct Which {
    /// The calls, as the list names them
    #[arg(value_name = "ID", value_parser = call_id)]
    ids: Vec<String>,
    /// All calls that wait to be sent
    #[arg(long)]
    queued: bool,
}

/// Asks for each of them on one connection, and says a line of each, also of those that the gateway refuses. Once it cannot be asked any
/// more, the rest are said to be as they were.
pub(super) async fn run(context: &Context, gateway: Gateway, which: Which) -> Result<(), Failure> {
    let output = context.output;
    let mut is_connected = false;
    let asked = gateway
        .asked(context, async |asking| {
            is_connected = true;
            if !which.queued {
                return each(output, asking, &which.ids).await;
            }
            let ids = queued(asking).await?;
            if ids.is_empty() {
                output.note("no call is queued");
            }
            each(output, asking, &ids).await
        })
        .await;
    if !is_connected {
        which.ids.iter().try_for_each(|id| failed(output, id, NOT_ASKED))?;
    }
    asked
}

async fn each(output: Output, asking: &Asking<'_>, ids: &[String]) -> Result<(), Failure> {
    let (mut left, mut failure) = (0, None);
    let is_over = Cell::new(false);
    let asked = stream::iter(ids).map(async |id| {
        if is_over.get() {
            return (id, None);
        }
        let answered = asking.answer("call.cancel", &json!({ "id": id, "wait_s": 1 })).await;
        is_over.set(is_over.get() || answered.is_err());
        (id, Some(answered))
    });
    let mut asked = pin!(asked.buffered(AT_A_TIME));
    while let Some((id, answered)) = asked.next().await {
        match answered {
            Some(Ok(Ok(call))) => {
                left += usize::from(call["outcome"] != "not_run");
                say(output, id, cancelled(&call), call.clone())?;
            }
            Some(Ok(Err(refusal))) => {
                left += 1;
                failed(output, id, &format!("not cancelled: {}", refusal.message()))?;
            }
            Some(Err(why)) => {
                failed(output, id, if why.exit == Exit::Unknown { MAYBE } else { NOT_ASKED })?;
                failure.get_or_insert(why);
            }
            None => failed(output, id, NOT_ASKED)?,
        }
    }
    let many = match (failure, left, ids.len()) {
        (Some(failure), ..) => return Err(failure),
        (None, 0, _) => return Ok(()),
        (None, 1, 1) => "it is not cancelled".to_owned(),
        (None, 1, all) => format!("1 of {all} is not cancelled"),
        (None, left, all) => format!("{left} of {all} are not cancelled"),
    };
    let advice = "each line says why; `ham gateway calls show ID` says what has become of one since";
    Err(Failure::new(Exit::Refused, anyhow::anyhow!(many), advice))
}

fn say(output: Output, id: &str, words: &str, told: Value) -> Result<(), Failure> {
    output.result(|| format!("{id}  {words}"), &told)
}

fn failed(output: Output, id: &str, words: &str) -> Result<(), Failure> {
    say(output, id, words, json!({ "id": id, "error": words }))
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

/// As many as a gateway answers at a time on one connection.
const AT_A_TIME: usize = 16;
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
