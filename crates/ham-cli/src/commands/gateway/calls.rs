//! The calls of a gateway that runs: those that are open or in doubt, one of them, and cancelling.

use std::path::PathBuf;

use clap::Subcommand;
use ham_envelope::{ERROR_KIND, Envelope};
use serde_json::{Value, json};
use url::Url;

use crate::commands::info::{plain, trimmed};
use crate::context::Context;
use crate::envelopes;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags;
use crate::server::Server;

#[derive(Debug, Subcommand)]
pub(super) enum Args {
    /// List the calls that are open, the newest first
    #[command(args = flags::server())]
    List {
        #[command(flatten)]
        gateway: Gateway,
        /// List those that ended unknown or arrived instead: only the chain tells what became of them
        #[arg(long)]
        doubtful: bool,
        /// The oldest first
        #[arg(long)]
        oldest: bool,
        /// At most so many
        #[arg(long, value_name = "COUNT", default_value_t = 100)]
        limit: usize,
    },
    /// Show what became of a call, with its answer or its problem
    #[command(args = flags::server())]
    Show {
        #[command(flatten)]
        gateway: Gateway,
        /// The call, as the list and `Ham-Call-Id` name it
        id: String,
    },
    /// Cancel calls: what has not left is not made; what has left is not called back, and its answer is kept if one comes
    #[command(args = flags::server())]
    Cancel {
        #[command(flatten)]
        gateway: Gateway,
        /// The calls, as the list names them
        #[arg(required_unless_present = "queued", value_name = "ID")]
        ids: Vec<String>,
        /// All calls that wait to be sent
        #[arg(long, conflicts_with = "ids")]
        queued: bool,
    },
}

/// Which gateway.
#[derive(Debug, clap::Args)]
pub(super) struct Gateway {
    /// Where it listens
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:2661")]
    gateway: Url,
    /// The file that holds a key with the scope `calls` or `calls:all`, readable by its owner only; `-` is standard input
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

pub(super) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    match args {
        Args::List { gateway, doubtful, oldest, limit } => {
            let calls = gateway.list(context, doubtful, oldest, limit).await?;
            context.output.result(|| table(&calls), &json!({ "calls": calls }))
        }
        Args::Show { gateway, id } => {
            let call = gateway.ask(context, "call.get", json!({ "id": id })).await?;
            shown(context, &call)
        }
        Args::Cancel { gateway, mut ids, queued } => {
            if queued {
                let calls = gateway.list(context, false, true, usize::MAX).await?;
                let waiting = calls.iter().filter(|call| call["state"] == "queued");
                ids = waiting.filter_map(|call| call["id"].as_str().map(ToOwned::to_owned)).collect();
            }
            cancel(context, &gateway, ids).await
        }
    }
}

async fn cancel(context: &Context, gateway: &Gateway, ids: Vec<String>) -> Result<(), Failure> {
    let mut left = 0;
    for id in ids {
        let call = gateway.ask(context, "call.cancel", json!({ "id": id, "wait_s": 1 })).await?;
        left += usize::from(call["outcome"] != "not_run");
        context.output.result(|| format!("{id}  {}", cancelled(&call)), &call)?;
    }
    match left {
        0 => Ok(()),
        _ => Err(Failure::new(
            Exit::Refused,
            anyhow::anyhow!("{left} of them are not cancelled"),
            "`ham gateway calls show ID` says what became of each",
        )),
    }
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

impl Gateway {
    /// Where it exchanges envelopes.
    fn server(&self) -> Result<Server, Failure> {
        let mut url = self.gateway.clone();
        let scheme = match url.scheme() {
            "http" => "ws",
            "https" => "wss",
            _ => return Err(wrong_url()),
        };
        url.set_scheme(scheme).map_err(|()| wrong_url())?;
        url.set_path("/connect");
        url.set_query(None);
        Ok(Server::at(url.into(), self.key_file.clone()))
    }

    async fn ask(&self, context: &Context, kind: &str, payload: Value) -> Result<Value, Failure> {
        let request = Envelope::request(kind).with_payload(payload).map_err(unreadable)?;
        let answer = envelopes::ask(context, &self.server()?, request).await?;
        let payload: Value = answer.payload_as().map_err(unreadable)?;
        if answer.kind != ERROR_KIND {
            return Ok(payload);
        }
        let text = |name: &str| payload[name].as_str().unwrap_or_default().to_owned();
        let advice = match text("retry").as_str() {
            "same" => "try again",
            "operator" => "look at the gateway: /health/ready, and its log",
            _ => "correct the request or the key",
        };
        Err(Failure::new(Exit::Refused, anyhow::anyhow!(text("message")), advice))
    }

    /// Page by page.
    async fn list(
        &self,
        context: &Context,
        doubtful: bool,
        oldest: bool,
        limit: usize,
    ) -> Result<Vec<Value>, Failure> {
        let mut calls = Vec::new();
        let mut after = Value::Null;
        while calls.len() < limit {
            let page = json!({
                "outcome": doubtful.then_some("unknown,arrived"),
                "order": if oldest { "oldest" } else { "newest" },
                "limit": (limit - calls.len()).min(PAGE),
                "after": after,
            });
            let mut page = self.ask(context, "call.list", page).await?;
            let Value::Array(rows) = page["calls"].take() else { break };
            calls.extend(rows);
            after = page["next"].take();
            if after.is_null() {
                break;
            }
        }
        Ok(calls)
    }
}

fn table(calls: &[Value]) -> String {
    if calls.is_empty() {
        return "no calls".to_owned();
    }
    let text = |call: &Value, name: &str| call[name].as_str().unwrap_or("-").to_owned();
    let mut table = plain(["call", "state", "outcome", "function", "key", "accepted", "attempts"]);
    for call in calls {
        let parts = ["app", "role", "zome", "fn"].map(|part| text(call, part));
        let [id, state, outcome, key, accepted] =
            ["id", "state", "outcome", "key", "accepted_at"].map(|name| text(call, name));
        table.add_row([id, state, outcome, parts.join("/"), key, accepted, call["attempts"].to_string()]);
    }
    trimmed(&table)
}

fn shown(context: &Context, call: &Value) -> Result<(), Failure> {
    let text = || ham_json::laid_out(&call.to_string()).unwrap_or_else(|| call.to_string());
    context.output.result(text, call)
}

fn wrong_url() -> Failure {
    Failure::usage("the gateway's URL is an http:// or https:// one", "for example, http://localhost:2661")
}

fn unreadable(error: impl Into<anyhow::Error>) -> Failure {
    Failure::new(Exit::Refused, error, "what answers there is no gateway of this version")
}

/// What a gateway lists at a time.
const PAGE: usize = 100;

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
