//! The calls of a running gateway: those that are open or in doubt, one of them, and cancelling.

mod asking;
mod cancel;

use std::num::NonZeroUsize;

use clap::Subcommand;
use ham_gateway::outbox::CallId;
use serde_json::{Value, json};

use self::asking::{Asking, Gateway, call_id};
use crate::commands::info::{plain, trimmed};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags;

#[derive(Debug, Subcommand)]
pub(super) enum Args {
    /// List the open calls, newest first
    #[command(args = flags::server())]
    List {
        #[command(flatten)]
        gateway: Gateway,
        /// List the calls that ended as `unknown` or `arrived` instead: only the chain can tell what became of them
        #[arg(long)]
        doubtful: bool,
        /// List the oldest first
        #[arg(long)]
        oldest: bool,
        /// List at most this many
        #[arg(long, value_name = "COUNT", default_value_t = DEFAULT_LIMIT)]
        limit: NonZeroUsize,
    },
    /// Show what became of a call, with its answer or its problem
    #[command(args = flags::server())]
    Show {
        #[command(flatten)]
        gateway: Gateway,
        /// The call's ID, as `list` and the header `Ham-Call-Id` show it
        #[arg(value_parser = call_id)]
        id: CallId,
    },
    /// Cancel calls: one that has not been sent is not made; one that has been sent cannot be called back, and its answer is kept if one
    /// comes
    #[command(args = flags::server())]
    Cancel {
        #[command(flatten)]
        gateway: Gateway,
        #[command(flatten)]
        which: cancel::Which,
    },
}

pub(super) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    match args {
        Args::List { gateway, doubtful, oldest, limit } => {
            let list = async |asking: &Asking<'_>| asking.list(doubtful, oldest, limit.get()).await;
            let calls = gateway.asked(context, list).await?;
            if calls.len() == limit.get() {
                context.output.note(&format!(
                    "only the first {limit} are listed; a larger --limit shows more, if there are more"
                ));
            }
            context.output.result(|| table(&calls), &json!({ "calls": calls }))
        }
        Args::Show { gateway, id } => {
            let get =
                async |asking: &Asking<'_>| asking.ask("call.get", json!({ "id": id.to_string() })).await;
            let call = gateway.asked(context, get).await?;
            shown(context, &call)
        }
        Args::Cancel { gateway, which } => cancel::run(context, gateway, which).await,
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

const DEFAULT_LIMIT: NonZeroUsize = NonZeroUsize::new(100).expect("it is not zero");
