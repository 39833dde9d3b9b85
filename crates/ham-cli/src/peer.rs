//! A server that is no conductor: where it is and with which token.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use ham::{RECONNECT_INITIAL, RECONNECT_MAX};
use ham_envelope::{Client, Config, ConnectEvent, RequestError, RunError};
use ham_session::{Delivery, DialError, Ended, FirstDial, Recovery, SessionConfig, TokenSource};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::progress;
use crate::settings::websocket_url;
use crate::wait::{self, Failed};

/// Which server.
#[derive(Debug, clap::Args)]
pub(crate) struct Peer {
    /// The server's URL, ws:// or wss://
    url: String,
    /// The file with the token, for its owner only; - is standard input. Tokens are never flags
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl Peer {
    /// The URL. A wrong one is not repeated: it may hold a token.
    pub(crate) fn url(&self) -> Result<Url, Failure> {
        websocket_url(&self.url).ok_or_else(|| {
            Failure::usage(
                "the URL must be a ws:// or wss:// URL with a host",
                "give for instance ws://localhost:2661/ws",
            )
        })
    }

    /// The configuration of an envelope client.
    pub(crate) async fn config(&self, context: &Context) -> Result<Config, Failure> {
        let (initial, max) = context.settings.reconnect().unwrap_or((RECONNECT_INITIAL, RECONNECT_MAX));
        let tokens = self.tokens(context).await?;
        Ok(Config::new(self.url()?).with_endpoint(|endpoint| {
            let session = session(context, endpoint.session.clone());
            endpoint
                .with_first_dial(FirstDial::Required)
                .with_reconnect_delays(initial, max)
                .with_session(session)
                .with_tokens(tokens)
        }))
    }

    /// The token. The file is read now, so that a wrong one is told, and again before each dial.
    pub(crate) async fn tokens(&self, context: &Context) -> Result<TokenSource, Failure> {
        let Some(file) = &self.token_file else { return Ok(TokenSource::default()) };
        input::tell_if_exposed(file, context.output);
        let tokens = TokenSource::default().with_token(token(file).await?);
        if self.reads_stdin() {
            return Ok(tokens);
        }
        let file = file.clone();
        Ok(tokens.with_provider(move || {
            let file = file.clone();
            async move {
                token(&file).await.map_err(|_| std::io::Error::other("the token file cannot be used").into())
            }
        }))
    }

    /// Whether the token comes from standard input.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.token_file.as_ref().is_some_and(|file| file.as_os_str() == "-")
    }
}

/// What keeps an envelope client connected; to be polled as long as it is used.
pub(crate) type Run = Pin<Box<dyn Future<Output = Result<(), RunError>>>>;

/// Connects an envelope client. `bound` ends the waiting of `--wait`.
pub(crate) async fn connect(
    context: &Context,
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
                    Failed::new(error, recovery, ended)
                }
                Ok(()) => Failed::new(RequestError::Stopped, Recovery::GiveUp, unanswered),
            }),
            () = connected => Ok(run),
        }
    };
    progress::during(context.output, "connecting", wait::connected(context, bound, attempt)).await
}

/// A dial takes no longer than the whole command may.
pub(crate) fn session(context: &Context, session: SessionConfig) -> SessionConfig {
    let connect_timeout = session.connect_timeout.min(context.settings.timeout);
    session.with_connect_timeout(connect_timeout)
}

/// What is printed where a link to a server ended.
pub(crate) fn gap(Ended { code, reason }: &Ended) -> Value {
    let detail = match code {
        // Quoted: it is the server's text, on the way to a terminal.
        Some(code) => format!("closed by the server: code {code}, reason {reason:?}"),
        None => reason.to_string(),
    };
    json!({ "type": "gap", "cause": "link_lost", "detail": detail, "code": code, "reason": &**reason })
}

/// The token of this file.
async fn token(file: &Path) -> Result<String, Failure> {
    let bytes = input::file_or_stdin(file, input::MAX_SETTINGS).await?;
    let token = String::from_utf8(bytes).map_err(|_| bad_token())?;
    let token = token.trim_end_matches(['\n', '\r']);
    if token.is_empty() || token.chars().any(|c| c.is_control() || !c.is_ascii()) {
        return Err(bad_token());
    }
    Ok(token.to_owned())
}

fn bad_token() -> Failure {
    Failure::usage("the token file holds no token", "write the token to it: one line of printable ASCII")
}

/// What to do about a dial to such a server that failed.
pub(crate) fn advice(error: &DialError) -> &'static str {
    match error {
        DialError::Connect { .. } | DialError::Resolve { .. } => {
            "nothing listens there: start the server, or correct the URL"
        }
        DialError::TimedOut { .. } => {
            "something accepts connections there and does not answer: the server hangs, or the URL is another program's"
        }
        DialError::Refused { status, .. } => match status.as_u16() {
            401 | 403 => "the server wants another token: write it to a file and name that with --token-file",
            404 => "the server has no WebSocket at this path: correct the URL",
            429 | 503 => "the server is busy: try again later",
            _ => "what answers there is another web server: correct the URL",
        },
        DialError::Upgrade(_) | DialError::Handshake(_) => {
            "what answers there is no such server: correct the URL"
        }
        DialError::Tls(_) => "check the server's certificate; wss:// trusts the public authorities",
        _ => "correct the URL or the server",
    }
}

/// Whether the server wants a token, or another one.
fn refuses_token(error: &DialError) -> bool {
    matches!(error, DialError::Refused { status, .. } if matches!(status.as_u16(), 401 | 403))
}

/// A run that ended by itself.
pub(crate) fn ended(error: RunError) -> Failure {
    match &error {
        RunError::FirstDial(dial) => {
            let (advice, refused) = (advice(dial), refuses_token(dial));
            let error = anyhow::Error::new(error);
            let error = if refused { error.context("the server refuses the token") } else { error };
            Failure::new(Exit::NoConnection, error, advice)
        }
        _ => Failure::new(Exit::NoConnection, error, "try again"),
    }
}

/// A setting that cannot work.
pub(crate) fn bad_config(error: impl Into<anyhow::Error>) -> Failure {
    Failure::new(Exit::Usage, error, "correct the URL, the token file or the settings")
}

/// A request that failed.
pub(crate) fn unanswered(error: RequestError) -> Failure {
    let (exit, advice) = match (&error, error.delivery()) {
        (RequestError::NotConnected { .. }, _) => (
            Exit::NoConnection,
            "start the server, correct the URL, or give a longer --timeout; -v says what failed",
        ),
        (_, Delivery::NotSent) => match error.recovery() {
            Recovery::FixCaller => (Exit::NotRun, "correct the request"),
            _ => (Exit::NotRun, "try again"),
        },
        (_, Delivery::Unknown | Delivery::Answered) => {
            (Exit::Unknown, "the server may have acted on it: look before asking again")
        }
    };
    Failure::new(exit, error, advice)
}
