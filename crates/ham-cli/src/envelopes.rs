//! A client for servers that speak JSON envelopes.

use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::time::Duration;

use ham::{RECONNECT_INITIAL, RECONNECT_MAX};
use ham_envelope::{Client, Config, ConnectEvent, Envelope, Events, Incoming, RequestError, RunError};
use ham_session::{Delivery, Ended, FirstDial, Recovery};
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress;
use crate::server::{self, Server};
use crate::shutdown::RELEASE_TIMEOUT;
use crate::wait::{self, Failed};

/// The configuration of a client of this server.
pub(crate) async fn config(server: &Server, context: &Context) -> Result<Config, Failure> {
    let (initial, max) = context.settings.reconnect().unwrap_or((RECONNECT_INITIAL, RECONNECT_MAX));
    let config = Config::new(server.url()?);
    let session = server::session(context, config.endpoint.session.clone())?;
    let tokens = server.tokens(context).await?;
    Ok(config.with_endpoint(|endpoint| {
        endpoint
            .with_first_dial(FirstDial::Required)
            .with_reconnect_delays(initial, max)
            .with_session(session)
            .with_tokens(tokens)
    }))
}

/// Keeps an envelope client connected; must be polled for as long as the client is used.
pub(crate) type Run = Pin<Box<dyn Future<Output = Result<(), RunError>>>>;

/// Connects an envelope client. `bound` ends the waiting of `--wait`.
pub(crate) async fn connect(
    context: &Context,
    server: &Server,
    client: &Client,
    cancel: &CancellationToken,
    bound: Option<Duration>,
) -> Result<Run, Failure> {
    let attempt = async || {
        let mut events = client.events();
        let (client, cancel) = (client.clone(), cancel.clone());
        let mut run: Run = Box::pin(async move { client.run(cancel).await });
        let connected =
            async { while events.next().await.is_some_and(|event| event != ConnectEvent::Connected) {} };
        tokio::select! {
            // The run first: it says why there is no connection.
            biased;
            stopped = &mut run => Err(match stopped {
                Err(error) => {
                    let recovery = match &error {
                        RunError::FirstDial(dial) => dial.recovery(),
                        _ => Recovery::GiveUp,
                    };
                    Failed::new(error, recovery, |error| ended(server, error))
                }
                Ok(()) => Failed::new(RequestError::Stopped, Recovery::GiveUp, unanswered),
            }),
            () = connected => Ok(run),
        }
    };
    progress::during(context.output, "connecting", wait::connected(context, bound, attempt)).await
}

/// Sends one request on a connection of its own, and returns its answer.
pub(crate) async fn ask(context: &Context, server: &Server, request: Envelope) -> Result<Envelope, Failure> {
    let asked = async |line: &Line| {
        // From here on, bytes of the request can leave.
        context.interruption.note(
            "interrupted while the request was under way: its outcome is unknown; check before sending it again",
        );
        progress::during(context.output, "waiting for the answer", line.ask(request)).await
    };
    during(context, server, asked).await
}

/// A connection for requests, one after the other or concurrent.
#[derive(Debug)]
pub(crate) struct Line {
    client: Client,
    timeout: Duration,
    /// How the connection ended, if no other one is made.
    over: OnceLock<String>,
}

impl Line {
    /// The answer to a request.
    pub(crate) async fn ask(&self, request: Envelope) -> Result<Envelope, Failure> {
        // A client that no longer runs would wait until it runs.
        if let Some(why) = self.over.get() {
            return Err(unsent(why));
        }
        self.client.request(request, self.timeout).await.map_err(|error| match (error, self.over.get()) {
            (RequestError::Stopped, Some(why)) => unsent(why),
            (error, _) => unanswered(error),
        })
    }

    /// No other connection is made, so nothing more is sent.
    fn end(&self, why: impl ToString) {
        // The first reason stays.
        let _ = self.over.set(why.to_string());
    }
}

/// Connects, and runs the future that sends requests. If the connection ends, requests that have not left wait for
/// another one only with `--wait`.
pub(crate) async fn during<T>(
    context: &Context,
    server: &Server,
    work: impl AsyncFnOnce(&Line) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let config = config(server, context).await?;
    let client = Client::new(config, |_: Incoming| std::future::ready(())).map_err(server::bad_config)?;
    let cancel = CancellationToken::new();
    let mut running = connect(context, server, &client, &cancel, Some(context.settings.timeout)).await?;
    let mut lost = pin!(lost(client.events()));
    let line = Line { client, timeout: context.settings.timeout, over: OnceLock::new() };
    let mut working = pin!(work(&line));
    let done = loop {
        tokio::select! {
            // The run first: it says why the connection is gone. Each request reports its own outcome.
            biased;
            ended = &mut running => {
                line.end(ended.as_ref().map_or_else(ToString::to_string, |()| CLOSED.to_owned()));
                return match (working.await, ended) {
                    (Err(failure), Err(why)) => Err(failure.about(why.to_string())),
                    (done, _) => done,
                };
            }
            ended = &mut lost, if !context.wait && line.over.get().is_none() => {
                line.end(ended);
                cancel.cancel();
            }
            done = &mut working => break done,
        }
    };
    cancel.cancel();
    // Everything is answered: it does not matter if the server does not close in time.
    let _ = tokio::time::timeout(RELEASE_TIMEOUT, running).await;
    done
}

/// Resolves once the connection has ended, with how it ended.
async fn lost(mut events: Events) -> Ended {
    while let Some(event) = events.next().await {
        if let ConnectEvent::Disconnected(ended) = event {
            return ended;
        }
    }
    std::future::pending().await
}

/// A request that has not left, and will not.
fn unsent(why: &str) -> Failure {
    let error = anyhow::anyhow!(why.to_owned()).context("the connection ended before the request was sent");
    let advice = "check that the server is running and try again; with --wait, an unsent request waits until the server is back";
    Failure::new(Exit::NoConnection, error, advice)
}

/// A run that ended by itself.
pub(crate) fn ended(server: &Server, error: RunError) -> Failure {
    let RunError::FirstDial(dial) = &error else {
        return Failure::new(Exit::NoConnection, error, "try again");
    };
    let (advice, refused) = (server.advice(dial), server.refused(dial));
    let failure = Failure::new(Exit::NoConnection, error, advice);
    match refused {
        Some(refused) => failure.about(refused),
        None => failure,
    }
}

/// A request that failed.
pub(crate) fn unanswered(error: RequestError) -> Failure {
    let (exit, advice) = match (&error, error.delivery()) {
        (RequestError::NotConnected { .. }, _) => (
            Exit::NoConnection,
            "start the server, correct the URL, or pass a longer --timeout; -v shows what failed",
        ),
        (_, Delivery::NotSent) => match error.recovery() {
            Recovery::FixCaller => (Exit::NotRun, "correct the request"),
            _ => (Exit::NotRun, "try again"),
        },
        (_, Delivery::Unknown | Delivery::Answered) => {
            (Exit::Unknown, "the server may have acted on it: check before sending it again")
        }
    };
    Failure::new(exit, error, advice)
}

const CLOSED: &str = "closed here";
