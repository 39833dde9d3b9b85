//! `ham feed`: the blocks and events of a chain as they come, and where some may be missing.

use ham_feed::{Dialect, FeedClient, FeedConfig, FeedItem, GapCause, SubscribeError, Topic};
use serde_json::{Value, json};

use crate::connect;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags;
use crate::following::Following;
use crate::progress;
use crate::server::{self, Server};
use crate::wait::{self, Failed};

/// Prints a chain's blocks and events until it is interrupted. The subscription comes back by itself; what may be
/// missing
/// meanwhile is a gap.
#[derive(Debug, clap::Args)]
#[command(args = flags::following(flags::server()))]
pub(crate) struct Args {
    #[command(flatten)]
    server: Server,
    /// The chain
    #[arg(long, value_name = "CHAIN")]
    chain: String,
    /// Only events of this type; may be repeated
    #[arg(long = "event-type", value_name = "TYPE")]
    event_types: Vec<String>,
    /// The server's dialect; if omitted, its first message tells
    #[arg(long, value_enum)]
    dialect: Option<Spoken>,
    /// Stop after this many blocks and events; gaps do not count
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

/// The names of the dialects.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Spoken {
    // The documented one.
    Documented,
    // That of hierachain 0.2.0.
    Hierachain,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let client = FeedClient::new(config(context, &args).await?).map_err(server::bad_config)?;
    let mut topic = Topic::chain(&args.chain);
    for event_type in &args.event_types {
        topic = topic.with_event_type(event_type);
    }
    let attempt = async || {
        let subscribed = client.subscribe(topic.clone(), context.settings.timeout).await;
        subscribed.map_err(|error| {
            let recovery = error.recovery();
            Failed::new(error, recovery, refused)
        })
    };
    let subscribing = wait::connected(context, context.follow_for(), attempt);
    let mut feed = progress::during(context.output, "subscribing", subscribing).await?;
    context.output.note(&format!("subscribed to the chain `{}`", args.chain));
    let mut following = Following::begin(context, args.count);
    while let Some(item) = following.next(context, feed.next()).await? {
        if matches!(item, FeedItem::Block { .. } | FeedItem::Event { .. }) {
            following.count();
        }
        show(context, &item)?;
    }
    Ok(())
}

async fn config(context: &Context, args: &Args) -> Result<FeedConfig, Failure> {
    let tokens = args.server.tokens(context).await?;
    let config = FeedConfig::new(args.server.url()?);
    let session = server::session(context, config.endpoint.session.clone())?;
    let config = config.with_endpoint(|endpoint| {
        endpoint.with_retry(connect::retry(&context.settings)).with_session(session).with_tokens(tokens)
    });
    Ok(match args.dialect {
        None => config,
        Some(Spoken::Documented) => config.with_dialect(Dialect::Documented),
        Some(Spoken::Hierachain) => config.with_dialect(Dialect::HieraChain02),
    })
}

fn refused(error: SubscribeError) -> Failure {
    let (exit, advice) = match &error {
        SubscribeError::NotConnected(dial) | SubscribeError::Unauthorized(dial) => {
            (Exit::NoConnection, server::advice(dial))
        }
        SubscribeError::Rejected { .. } => (Exit::Refused, "pass a chain that the server has with --chain"),
        SubscribeError::TimedOut { last: Some(_), .. } => (
            Exit::NoConnection,
            "the server accepts the connection and then closes it: correct what its message names, or the URL",
        ),
        SubscribeError::TimedOut { .. } => (
            Exit::NoConnection,
            "the server is hanging or is not a feed: correct the URL, or pass a longer --timeout",
        ),
        _ => (Exit::NoConnection, "try again"),
    };
    Failure::new(exit, error, advice)
}

fn show(context: &Context, item: &FeedItem) -> Result<(), Failure> {
    let value = match item {
        FeedItem::Block { chain_name, data } => json!({ "type": "block", "chain": chain_name, "data": data }),
        FeedItem::Event { chain_name, event_type, data } => {
            json!({ "type": "event", "chain": chain_name, "event_type": event_type, "data": data })
        }
        FeedItem::Error { message } => json!({ "type": "error", "message": message }),
        FeedItem::Gap { cause, .. } => gap(cause),
        FeedItem::Status(message) => json!({ "type": "status", "message": message }),
        FeedItem::Unknown(message) => json!({ "type": "unknown", "message": message }),
        other => json!({ "type": "unknown", "message": format!("{other:?}") }),
    };
    context.output.result(|| line(&value), &value)
}

fn gap(cause: &GapCause) -> Value {
    if let GapCause::LinkLost(ended) = cause {
        return server::gap(ended);
    }
    let (cause, detail) = match cause {
        GapCause::BadFrame(why) => ("bad_frame", why.clone()),
        GapCause::Lagged(missed) => ("lagged", format!("{missed} were dropped here")),
        other => ("unknown", format!("{other:?}")),
    };
    json!({ "type": "gap", "cause": cause, "detail": detail })
}

/// One line for people.
fn line(value: &Value) -> String {
    let text = |key: &str| value[key].as_str().unwrap_or("?").to_owned();
    match value["type"].as_str() {
        Some("block") => format!("{} block {}", text("chain"), value["data"]),
        Some("event") => format!("{} event {} {}", text("chain"), text("event_type"), value["data"]),
        Some("error") => format!("the server says: {}", text("message")),
        Some("gap") => format!("--- items may be missing here: {} ({}) ---", text("cause"), text("detail")),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_told() {
        let gap = gap(&GapCause::Lagged(3));
        assert_eq!(gap["cause"], "lagged");
        assert_eq!(line(&gap), "--- items may be missing here: lagged (3 were dropped here) ---");
    }
}
