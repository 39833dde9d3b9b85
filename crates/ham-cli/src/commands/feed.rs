//! `ham feed`: the blocks and events of a chain as they come, and where some may be missing; and a server for them.

mod lines;
mod nats;
mod serve;
mod source;

use std::cmp::Ordering;

use ham_feed::{Data, Dialect, FeedClient, FeedConfig, FeedItem, GapCause, SubscribeError, Topic};
use serde::Serialize;
use serde_json::{Value, json};

use crate::connect;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flags;
use crate::following::Following;
use crate::progress;
use crate::server::{self, Server};
use crate::terminal::one_line;
use crate::wait::{self, Failed};

/// Prints a chain's blocks and events until it is interrupted. The subscription comes back by itself; what may be missing
/// meanwhile is a gap.
#[derive(Debug, clap::Args)]
#[command(
    args = flags::following(flags::server()),
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub(crate) struct Args {
    #[command(flatten)]
    server: Server,
    /// The chain
    #[arg(long, value_name = "CHAIN", required = true)]
    chain: Option<String>,
    /// Only events of this type; may be repeated
    #[arg(long = "event-type", value_name = "TYPE")]
    event_types: Vec<String>,
    /// The server's dialect; if omitted, it is detected from the first message
    #[arg(long, value_enum)]
    dialect: Option<Spoken>,
    /// Stop after this many blocks and events; gaps do not count
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    #[command(subcommand)]
    action: Option<Action>,
}

/// What else there is to do with feeds.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Serve a feed: blocks and events in as lines of JSON, out to all subscribers
    Serve(serve::Args),
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
    if let Some(Action::Serve(args)) = args.action {
        return serve::run(context, args).await;
    }
    let client = FeedClient::new(config(context, &args).await?).map_err(server::bad_config)?;
    // The parser requires it, unless something is served.
    let chain = args.chain.as_deref().unwrap_or_default();
    let mut topic = Topic::chain(chain);
    for event_type in &args.event_types {
        topic = topic.with_event_type(event_type);
    }
    let attempt = async || {
        let subscribed = client.subscribe(topic.clone(), context.settings.timeout).await;
        subscribed.map_err(|error| {
            let recovery = error.recovery();
            Failed::new(error, recovery, |error| refused(&args.server, error))
        })
    };
    let subscribing = wait::connected(context, context.follow_for(), attempt);
    let mut feed = progress::during(context.output, "subscribing", subscribing).await?;
    context.output.note(&format!("subscribed to the chain `{chain}`"));
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

fn refused(server: &Server, error: SubscribeError) -> Failure {
    let (exit, advice) = match &error {
        SubscribeError::NotConnected(dial) | SubscribeError::Unauthorized(dial) => {
            let advice = server.advice(dial);
            return Failure::new(Exit::NoConnection, error, advice);
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
    if context.output.json {
        context.output.bytes(format!("{}\n", object(item)).as_bytes())
    } else {
        context.output.text(&line(item))
    }
}

/// One object for programs. The server's part is kept as it came, including every number.
fn object(item: &FeedItem) -> String {
    #[derive(Serialize)]
    #[serde(tag = "type", rename_all = "snake_case")]
    enum Shown<'a> {
        Block { chain: &'a str, data: &'a Data },
        Error { message: &'a str },
        Event { chain: &'a str, event_type: Option<&'a str>, data: &'a Data },
        OutOfStep { chain: &'a str, after: u64, height: u64 },
        Status { message: &'a Data },
        Unknown { message: &'a Data },
    }
    let shown = match item {
        FeedItem::Block { chain_name: chain, data } => Shown::Block { chain, data },
        FeedItem::Error { message } => Shown::Error { message },
        FeedItem::Event { chain_name: chain, event_type, data } => {
            Shown::Event { chain, event_type: event_type.as_deref(), data }
        }
        FeedItem::OutOfStep { chain_name: chain, after, height } => {
            Shown::OutOfStep { chain, after: *after, height: *height }
        }
        FeedItem::Status(message) => Shown::Status { message },
        FeedItem::Unknown(message) => Shown::Unknown { message },
        FeedItem::Gap { cause, .. } => return gap(cause).to_string(),
        other => return json!({ "type": "unknown", "message": format!("{other:?}") }).to_string(),
    };
    on_one_line(&serde_json::to_string(&shown).expect("texts and JSON are JSON"))
}

/// Line feeds in JSON only occur between its tokens.
fn on_one_line(json: &str) -> String {
    json.replace(['\n', '\r'], " ")
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

/// One line for people. The server's texts are put on one line, so that they cannot pass for another one.
fn line(item: &FeedItem) -> String {
    match item {
        FeedItem::Block { chain_name, data } => {
            format!("{} block {}", one_line(chain_name), on_one_line(data.text()))
        }
        FeedItem::Event { chain_name, event_type, data } => {
            let event_type = event_type.as_deref().unwrap_or("?");
            format!("{} event {} {}", one_line(chain_name), one_line(event_type), on_one_line(data.text()))
        }
        FeedItem::Error { message } => format!("the server says: {}", one_line(message)),
        FeedItem::Gap { cause, .. } => {
            let gap = gap(cause);
            let text = |key: &str| one_line(gap[key].as_str().unwrap_or("?"));
            format!("--- items may be missing here: {} ({}) ---", text("cause"), text("detail"))
        }
        FeedItem::OutOfStep { after, height, .. } => {
            let how = match height.cmp(after) {
                Ordering::Greater => format!("blocks are missing: the height jumps from {after} to {height}"),
                Ordering::Equal => format!("the block of height {height} comes again"),
                Ordering::Less => format!("the chain goes back from height {after} to {height}"),
            };
            format!("--- {how} ---")
        }
        other => object(other),
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn a_gap_is_told() {
        let gap = FeedItem::Gap { cause: GapCause::Lagged(3), since: Instant::now() };
        assert_eq!(line(&gap), "--- items may be missing here: lagged (3 were dropped here) ---");
        assert_eq!(object(&gap), r#"{"type":"gap","cause":"lagged","detail":"3 were dropped here"}"#);
        let step = |after, height| line(&FeedItem::OutOfStep { chain_name: "a".to_owned(), after, height });
        assert_eq!(step(2, 5), "--- blocks are missing: the height jumps from 2 to 5 ---");
        assert_eq!(step(5, 5), "--- the block of height 5 comes again ---");
        assert_eq!(step(5, 4), "--- the chain goes back from height 5 to 4 ---");
    }

    /// A server's line feed made a line of its own, which could say anything.
    #[test]
    fn a_server_cannot_forge_a_line() {
        let forged = "fine\n--- items may be missing here: lagged (9 were dropped here) ---".to_owned();
        let items = [
            FeedItem::Error { message: forged.clone() },
            FeedItem::Event { chain_name: forged.clone(), event_type: Some(forged), data: Data::default() },
        ];
        for item in items {
            assert_eq!(line(&item).lines().count(), 1, "{}", line(&item));
        }
    }
}
