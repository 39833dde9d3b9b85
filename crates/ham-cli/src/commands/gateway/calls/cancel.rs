//! Cancels calls, and reports the result for each.

use std::cell::Cell;
use std::pin::pin;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use ham_gateway::outbox::CallId;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::asking::{Asking, Gateway, Refusal, call_id, unreadable};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Which calls.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(in crate::commands::gateway) struct Which {
    /// The IDs of the calls, as `list` shows them
    #[arg(value_name = "ID", value_parser = call_id)]
    ids: Vec<CallId>,
    /// Cancel all calls that are waiting to be sent
    #[arg(long)]
    queued: bool,
}

/// Asks for each of them on one connection, and prints a line for each, including those that the gateway refuses. Once
/// it can no longer be asked, or after a signal, the remaining calls are reported as unchanged.
pub(super) async fn run(context: &Context, gateway: Gateway, which: Which) -> Result<(), Failure> {
    let (output, interrupted) = (context.output, context.interruption.hear());
    context.interruption.note("interrupted at once: a call without a line may or may not be cancelled");
    let begun = Cell::new(false);
    let asked = gateway.asked(context, async |asking| {
        let ids = if which.queued { queued(asking).await? } else { which.ids.clone() };
        if ids.is_empty() {
            output.note("no call is queued");
        }
        begun.set(true);
        each(output, asking, &ids, interrupted).await
    });
    // Calls that were not asked for have nothing to report.
    let too_early = async {
        interrupted.cancelled().await;
        if begun.get() {
            std::future::pending::<()>().await;
        }
    };
    let asked = tokio::select! {
        biased;
        asked = asked => asked,
        () = too_early => {
            output.note("interrupted: no cancellation was requested");
            Ok(())
        }
    };
    if !begun.get() {
        let why = if interrupted.is_cancelled() { INTERRUPTED } else { NOT_ASKED };
        which.ids.iter().try_for_each(|id| failed(output, id, why))?;
    }
    asked
}

/// The result of asking for one call.
enum Asked {
    Answered(Value),
    Refused(Refusal),
    Lost(Failure),
    /// No answer came soon enough after the signal.
    Late,
    Not(&'static str),
}

async fn each(
    output: Output,
    asking: &Asking<'_>,
    ids: &[CallId],
    interrupted: &CancellationToken,
) -> Result<(), Failure> {
    let (mut left, mut failure) = (0, None);
    let is_over = Cell::new(false);
    let asked = stream::iter(ids).map(async |id| {
        let asked = match (is_over.get(), interrupted.is_cancelled()) {
            (true, _) => Asked::Not(NOT_ASKED),
            (false, true) => Asked::Not(INTERRUPTED),
            (false, false) => ask(asking, id, interrupted).await,
        };
        is_over.set(is_over.get() || matches!(asked, Asked::Lost(_)));
        (id, asked)
    });
    let mut asked = pin!(asked.buffered(AT_A_TIME));
    while let Some((id, asked)) = asked.next().await {
        left += usize::from(!matches!(&asked, Asked::Answered(call) if call["outcome"] == "not_run"));
        match asked {
            Asked::Answered(call) => say(output, id, cancelled(&call), call.clone())?,
            Asked::Refused(refusal) => failed(output, id, &format!("not cancelled: {}", refusal.message()))?,
            Asked::Lost(why) => {
                failed(output, id, if why.exit == Exit::Unknown { MAYBE } else { NOT_ASKED })?;
                failure.get_or_insert(why);
            }
            Asked::Late => failed(output, id, MAYBE)?,
            Asked::Not(why) => failed(output, id, why)?,
        }
    }
    if let Some(failure) = failure {
        return Err(failure);
    }
    let many = match (left, ids.len()) {
        (0, _) => return Ok(()),
        (1, 1) => "it was not cancelled".to_owned(),
        (1, all) => format!("1 of {all} was not cancelled"),
        (left, all) => format!("{left} of {all} were not cancelled"),
    };
    if interrupted.is_cancelled() {
        output.note(&format!("interrupted: {many}; each line says why"));
        return Ok(());
    }
    let advice = "each line says why; `ham gateway calls show ID` shows what has become of a call since";
    Err(Failure::new(Exit::Refused, anyhow::anyhow!(many), advice))
}

/// Asks for one. After a signal, its answer has [`LAST_ANSWERS`] to come.
async fn ask(asking: &Asking<'_>, id: &CallId, interrupted: &CancellationToken) -> Asked {
    let payload = json!({ "id": id.to_string(), "wait_s": 1 });
    let late = async {
        interrupted.cancelled().await;
        sleep_until(Instant::now() + LAST_ANSWERS).await;
    };
    tokio::select! {
        biased;
        answered = asking.answer("call.cancel", &payload) => match answered {
            Ok(Ok(call)) => Asked::Answered(call),
            Ok(Err(refusal)) => Asked::Refused(refusal),
            Err(failure) => Asked::Lost(failure),
        },
        () = late => Asked::Late,
    }
}

fn say(output: Output, id: &CallId, words: &str, told: Value) -> Result<(), Failure> {
    output.result(|| format!("{id}  {words}"), &told)
}

fn failed(output: Output, id: &CallId, words: &str) -> Result<(), Failure> {
    say(output, id, words, json!({ "id": id.to_string(), "error": words }))
}

async fn queued(asking: &Asking<'_>) -> Result<Vec<CallId>, Failure> {
    let calls = asking.list(false, true, usize::MAX).await?;
    let waiting = calls.iter().filter(|call| call["state"] == "queued");
    let ids: Option<_> = waiting.map(|call| call["id"].as_str().and_then(CallId::parse)).collect();
    ids.ok_or_else(|| unreadable(anyhow::anyhow!("a call that it lists has no id")))
}

/// The result of asking for a call not to be made.
fn cancelled(call: &Value) -> &'static str {
    let word = |name: &str| call[name].as_str();
    match (word("outcome"), word("state")) {
        (Some("not_run"), _) => "cancelled",
        (Some("unknown"), _) => {
            "too late: it may have run, and only the chain can tell: look at the chain before you make it again"
        }
        (Some("arrived"), _) => {
            "too late: it arrived, but its answer is lost: look at the chain before you make it again"
        }
        (Some(_), _) => "too late: it has finished",
        (None, Some("queued")) => "requested, but not on the gateway's disk yet",
        (None, Some("fencing")) => {
            "too late: it was sent, and no answer comes any more; once the gateway reaches the conductor, it finds out whether the call ran"
        }
        (None, _) => "too late: it was sent, and its answer is kept if one comes",
    }
}

/// As many as a gateway answers at a time on one connection.
const AT_A_TIME: usize = 16;
const NOT_ASKED: &str = "not requested: the gateway could not be reached";
const MAYBE: &str = "requested, but the gateway did not say what became of it";
const INTERRUPTED: &str = "not requested: interrupted";
/// How long answers that are under way when a signal comes may take. A gateway answers within a second, plus the time
/// that the network takes.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    /// A call whose answer was lost was reported with "its answer is kept when it comes".
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
