//! `ham feed serve`: a feed of whatever a program prints.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::serve::ListenerExt as _;
use ham_feed::server::{
    DEFAULT_HISTORY, DEFAULT_MAX_CONNECTIONS, DEFAULT_SUBSCRIBER_QUEUE, FeedServer, FeedServerConfig,
};
use serde_json::json;
use tokio::net::TcpListener;

use super::lines;
use super::nats::FromNats;
use super::source::Input;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;

/// Serves a feed until it is interrupted: what is read as lines of JSON, one message of the documented shape each, goes to
/// everybody who subscribes to its chain.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A line is {\"type\":\"new_block\",\"chain_name\":\"supply_chain\",\"data\":{…}}; other types\n\
    are new_event and gap. A faulty line is reported on standard error, with its\n\
    number, and left out."
)]
pub(super) struct Args {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:2661")]
    listen: SocketAddr,
    /// Read the lines from this file, or from this FIFO for as long as the server runs; `-` is standard input
    #[arg(long, value_name = "FILE", default_value = "-")]
    from: PathBuf,
    /// End when the lines do, once all subscribers have them; without it, serving goes on
    #[arg(long)]
    end_with_input: bool,
    #[command(flatten)]
    nats: FromNats,
    /// Require one of the tokens in this file, one per line, readable by its owner only
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Let pages of this origin connect, instead of those of this machine; may be repeated
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// A chain that exists; may be repeated. Without it, every chain exists
    #[arg(long = "chain", value_name = "CHAIN")]
    chains: Vec<String>,
    /// How many messages of each chain are kept for returning subscribers
    #[arg(long, value_name = "N", default_value_t = DEFAULT_HISTORY)]
    history: usize,
    /// How many messages may wait for one subscriber; a slower one is told what it lost
    #[arg(long, value_name = "N", default_value_t = DEFAULT_SUBSCRIBER_QUEUE)]
    queue: NonZeroUsize,
    /// How many connections there may be at a time
    #[arg(long, value_name = "N", default_value_t = DEFAULT_MAX_CONNECTIONS)]
    max_connections: NonZeroUsize,
}

/// Counts of the lines, by what became of them.
#[derive(Debug, Default)]
struct Tally {
    published: AtomicU64,
    refused: AtomicU64,
}

pub(super) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let server = FeedServer::new(config(context, &args).await?)
        .map_err(|error| Failure::new(Exit::Usage, error, "pass a number above zero"))?;
    let chains: HashSet<String> = args.chains.iter().cloned().collect();
    let mut input = match args.nats.follow(context).await? {
        Some(follow) => Input::Nats(follow),
        None => Input::lines(&args.from).await?,
    };
    let listener = listen(args.listen).await?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let tally = Arc::new(Tally::default());
    let (closing, told, output) = (server.clone(), Arc::clone(&tally), context.output);
    // Subscribers are told that the server stops, even if a signal stops it.
    context.at_end(async move {
        closing.shutdown().await;
        output.note(&format!("{}, and the server stopped", told.words()));
    });
    let url = format!("ws://{address}/ws");
    context.output.result(|| format!("listening on {url}"), &json!({ "url": url }))?;
    let publishing = publish(context, &server, &chains, &mut input, &tally);
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    tokio::select! {
        served = async { axum::serve(listener, server.router()).await } => served.map_err(cannot_listen),
        ended = async {
            publishing.await?;
            if !args.end_with_input {
                context.output.note(&format!("the input has ended ({}); the server keeps running", tally.words()));
                std::future::pending::<()>().await;
            }
            Ok(())
        } => ended,
    }
}

async fn publish(
    context: &Context,
    server: &FeedServer,
    chains: &HashSet<String>,
    input: &mut Input,
    tally: &Tally,
) -> Result<(), Failure> {
    let is_known = |chain_name: &str| chains.is_empty() || chains.contains(chain_name);
    let mut told = chains.clone();
    while let Some(line) = input.next().await? {
        let Some(line) = line else {
            context.output.warning("messages were dropped from the stream before they were read");
            for chain_name in &told {
                server.publish_gap(chain_name, "history_lost", None, Duration::ZERO);
            }
            continue;
        };
        match lines::publish(server, is_known, &line) {
            Ok(Some(chain_name)) => {
                tally.published.fetch_add(1, Ordering::Relaxed);
                if told.len() < MOST_TOLD {
                    told.insert(chain_name);
                }
            }
            Ok(None) => {}
            Err(why) => {
                tally.refused.fetch_add(1, Ordering::Relaxed);
                context.output.warning(&format!("{} {}: {why}", input.word(), line.number));
            }
        }
        // A file is always ready to be read, and other tasks need their turn.
        tokio::task::coop::consume_budget().await;
    }
    Ok(())
}

async fn config(context: &Context, args: &Args) -> Result<FeedServerConfig, Failure> {
    let mut config = FeedServerConfig::default()
        .with_queue(args.queue)
        .with_max_connections(args.max_connections)
        .with_history(args.history, ham_feed::server::DEFAULT_HISTORY_BYTES);
    if !args.chains.is_empty() {
        config = config.with_chains(&args.chains);
    }
    if !args.origins.is_empty() {
        let origins: HashSet<String> = args.origins.iter().cloned().collect();
        config = config.with_origins(move |origin| origins.contains(origin));
    }
    match &args.token_file {
        Some(file) => Ok(config.with_tokens(tokens(context, file).await?)),
        None => {
            if !args.listen.ip().is_loopback() {
                context.output.warning("anyone who reaches this address can follow the feed: pass --token-file to require a token");
            }
            Ok(config)
        }
    }
}

async fn tokens(context: &Context, file: &Path) -> Result<Vec<String>, Failure> {
    if file.as_os_str() == "-" {
        return Err(Failure::usage("the tokens cannot come from standard input", "pass a file"));
    }
    input::tell_if_exposed(file, context.output);
    let bytes = input::secret(file, "--token-file", context.settings.timeout).await?;
    let text = String::from_utf8(bytes).map_err(|_| bad_tokens())?;
    let tokens: Vec<String> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect();
    let is_good = |token: &String| token.chars().all(|c| c.is_ascii_graphic());
    if tokens.is_empty() || !tokens.iter().all(is_good) { Err(bad_tokens()) } else { Ok(tokens) }
}

fn bad_tokens() -> Failure {
    Failure::usage(
        "the token file holds no tokens",
        "write them to it, one per line, in printable ASCII without spaces",
    )
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(cannot_listen)
}

fn cannot_listen(error: std::io::Error) -> Failure {
    let error = anyhow::Error::new(error).context("cannot listen");
    Failure::new(Exit::Local, error, "pass another address with --listen, or stop the program that uses it")
}

/// Chains that are told of a gap in the stream.
const MOST_TOLD: usize = 4_096;

impl Tally {
    fn words(&self) -> String {
        let [published, refused] =
            [&self.published, &self.refused].map(|count| count.load(Ordering::Relaxed));
        format!("{published} published, {refused} faulty")
    }
}
