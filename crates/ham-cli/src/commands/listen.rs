//! `ham listen`: what an envelope server sends, as it comes, and where some may be missing.

use ham_envelope::{Client, ConnectEvent, HandlerQueue, Incoming, RunError, WhenFull};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::request;
use crate::context::Context;
use crate::envelopes;
use crate::failure::Failure;
use crate::flags;
use crate::following::Following;
use crate::server::{self, Server};
use crate::shutdown::RELEASE_TIMEOUT;
use crate::terminal::one_line;

/// Prints envelopes until it is interrupted. The connection comes back by itself; where some may be missing is a gap.
#[derive(Debug, clap::Args)]
#[command(args = flags::following(flags::server()))]
pub(crate) struct Args {
    #[command(flatten)]
    server: Server,
    /// Stop after this many envelopes; gaps do not count
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    // A listener must not delay the server: if the output is read too slowly, the gaps are reported.
    let queue = HandlerQueue::default().with_when_full(WhenFull::Lose);
    let config = envelopes::config(&args.server, context).await?.with_queue(queue);
    // One at a time: the rest waits in the client's queue.
    let (sender, mut incoming) = mpsc::channel(1);
    let handler = move |item: Incoming| {
        let sender = sender.clone();
        async move {
            // Nobody receives once the command ends.
            let _ = sender.send(item).await;
        }
    };
    let client = Client::new(config, handler).map_err(server::bad_config)?;
    let (cancel, mut events) = (CancellationToken::new(), client.events());
    let mut running =
        envelopes::connect(context, &args.server, &client, &cancel, context.follow_for()).await?;
    // The first event says that the connection is up, before anything that came over it.
    if let Some(event) = events.next().await {
        changed(context, event)?;
    }
    let mut following = Following::begin(context, args.count);
    let mut next = async || {
        tokio::select! {
            // In this order, everything that came before a link dropped is printed before the gap.
            biased;
            ended = &mut running => Some(Came::End(ended)),
            Some(item) = incoming.recv() => Some(Came::Item(item)),
            Some(event) = events.next() => Some(Came::Change(event)),
        }
    };
    while let Some(came) = following.next(context, next()).await? {
        match came {
            Came::End(ended) => return ended.map_err(|error| envelopes::ended(&args.server, error)),
            Came::Change(event) => changed(context, event)?,
            Came::Item(item) => {
                if matches!(item, Incoming::Envelope { .. } | Incoming::LateAnswer(_)) {
                    following.count();
                }
                show(context, &item)?;
            }
        }
    }
    cancel.cancel();
    // Everything is printed: it does not matter if the server does not close in time.
    let _ = tokio::time::timeout(RELEASE_TIMEOUT, running).await;
    Ok(())
}

/// What comes next.
enum Came {
    End(Result<(), RunError>),
    Item(Incoming),
    Change(ConnectEvent),
}

fn changed(context: &Context, event: ConnectEvent) -> Result<(), Failure> {
    match event {
        ConnectEvent::Connected => {
            context.output.note("listening");
            Ok(())
        }
        ConnectEvent::Disconnected(ended) => loss(context, &server::gap(&ended)),
        // Missed changes include a drop: many changes cannot occur otherwise.
        _ => loss(context, &json!({ "type": "gap", "cause": "link_lost", "detail": "the link dropped" })),
    }
}

fn show(context: &Context, item: &Incoming) -> Result<(), Failure> {
    match item {
        Incoming::Envelope { envelope, .. } | Incoming::LateAnswer(envelope) => {
            let line = request::line(envelope)?;
            if context.output.json {
                context.output.bytes(format!("{line}\n").as_bytes())
            } else {
                context.output.text(&line)
            }
        }
        Incoming::Missed(missed) => loss(
            context,
            &json!({ "type": "missed", "count": missed, "detail": format!("{missed} were dropped here") }),
        ),
        Incoming::Skipped { why, .. } => loss(context, &json!({ "type": "skipped", "detail": why })),
        _ => loss(context, &json!({ "type": "unknown" })),
    }
}

fn loss(context: &Context, value: &Value) -> Result<(), Failure> {
    context.output.result(|| loss_line(value), value)
}

/// One line for people.
fn loss_line(value: &Value) -> String {
    let text = |key: &str| one_line(value[key].as_str().unwrap_or("?"));
    format!("--- envelopes may be missing here: {} ({}) ---", text("type"), text("detail"))
}
