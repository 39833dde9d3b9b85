//! A server that is not a conductor: its address and its token.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ham_session::{DialError, Ended, SessionConfig, TokenSource};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use url::Url;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::settings::websocket_url;

/// Which server.
#[derive(Debug, clap::Args)]
pub(crate) struct Server {
    /// The server's URL, ws:// or wss://
    #[arg(required = true)]
    url: Option<String>,
    /// The file that holds the token, readable by its owner only; `-` is standard input
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    #[arg(skip)]
    pass: Pass,
    /// What was read for the first connection: standard input and pipes give it once.
    #[arg(skip)]
    tokens: Box<OnceCell<TokenSource>>,
}

/// What grants access.
#[derive(Clone, Copy, Debug, Default)]
enum Pass {
    #[default]
    Token,
    /// A gateway's.
    Key,
}

impl Server {
    /// A gateway at this address, which is a WebSocket URL.
    pub(crate) fn gateway(url: String, key_file: Option<PathBuf>) -> Self {
        Self { url: Some(url), token_file: key_file, pass: Pass::Key, tokens: Box::default() }
    }

    /// The URL. A wrong one is not repeated: it may contain a token.
    pub(crate) fn url(&self) -> Result<Url, Failure> {
        self.url.as_deref().and_then(websocket_url).ok_or_else(|| {
            Failure::usage(
                "the URL must be a ws:// or wss:// URL with a host",
                "for example, ws://localhost:2661/ws",
            )
        })
    }

    /// The token. The file is read once now, so that a wrong one is reported, and again before each dial.
    pub(crate) async fn tokens(&self, context: &Context) -> Result<TokenSource, Failure> {
        self.tokens.get_or_try_init(|| self.read(context)).await.cloned()
    }

    async fn read(&self, context: &Context) -> Result<TokenSource, Failure> {
        let Some(file) = &self.token_file else { return Ok(TokenSource::default()) };
        input::tell_if_exposed(file, context.output);
        let (pass, within) = (self.pass, context.settings.timeout);
        let tokens = TokenSource::default().with_token(pass.read(file, within).await?);
        if self.reads_stdin() || !std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file()) {
            return Ok(tokens);
        }
        let file = file.clone();
        Ok(tokens.with_provider(move || {
            let file = file.clone();
            async move {
                let read = pass.read(&file, within).await;
                read.map_err(|_| std::io::Error::other("the token file cannot be used").into())
            }
        }))
    }

    /// Whether the token comes from standard input.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.token_file.as_ref().is_some_and(|file| file.as_os_str() == "-")
    }

    /// That the server does not accept the token it was shown, if that is what the error says.
    pub(crate) fn refused(&self, error: &DialError) -> Option<String> {
        is_unauthorized(error).then(|| format!("the server refuses the {}", self.pass.word()))
    }

    /// What to do about a dial that failed.
    pub(crate) fn advice(&self, error: &DialError) -> String {
        if !is_unauthorized(error) {
            return self.pass.advice(error).to_owned();
        }
        let (word, flag) = (self.pass.word(), self.pass.flag());
        let another = if self.token_file.is_some() { "a different" } else { "a" };
        format!("the server wants {another} {word}: write it to a file and pass that with {flag}")
    }
}

impl Pass {
    const fn word(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Key => "key",
        }
    }

    const fn flag(self) -> &'static str {
        match self {
            Self::Token => "--token-file",
            Self::Key => "--key-file",
        }
    }

    /// What to do about a dial that failed for another reason than the token.
    fn advice(self, error: &DialError) -> &'static str {
        match (self, error) {
            (Self::Key, DialError::Connect { .. }) => {
                "nothing is listening there: start the gateway, or name another one with --gateway URL"
            }
            (Self::Key, DialError::Upgrade(why)) if is_hung_up(why) => {
                "it hung up before it answered: check that the gateway is still running, and try again"
            }
            _ => advice(error),
        }
    }

    /// The contents of this file, without the surrounding blanks.
    async fn read(self, file: &Path, within: Duration) -> Result<String, Failure> {
        let bytes = input::secret(file, self.flag(), within).await?;
        let text = String::from_utf8(bytes).unwrap_or_default();
        let is_one_line =
            |text: &&str| !text.is_empty() && text.chars().all(|c| c.is_ascii() && !c.is_control());
        let read = Some(text.trim()).filter(is_one_line).map(ToOwned::to_owned);
        read.ok_or_else(|| {
            let advice = match self {
                Self::Token => "write only the token to it: one line of printable ASCII",
                Self::Key => "write only the key to it: the first line that `ham gateway key new` prints",
            };
            let (word, flag) = (self.word(), self.flag());
            Failure::usage(format!("the file named by {flag} must hold a {word} and nothing else"), advice)
        })
    }
}

/// A dial takes no longer than the whole command may.
pub(crate) fn session(context: &Context, session: SessionConfig) -> Result<SessionConfig, Failure> {
    let connect_timeout = session.connect_timeout.min(context.settings.timeout);
    Ok(session.with_connect_timeout(connect_timeout).with_tls(context.settings.trust.tls()?))
}

/// What is printed when a link to a server ends.
pub(crate) fn gap(Ended { code, reason }: &Ended) -> Value {
    let detail = match code {
        // Quoted: it is the server's text, on its way to a terminal.
        Some(code) => format!("closed by the server: code {code}, reason {reason:?}"),
        None => reason.to_string(),
    };
    json!({ "type": "gap", "cause": "link_lost", "detail": detail, "code": code, "reason": &**reason })
}

/// What to do about a dial that failed for another reason than the token.
fn advice(error: &DialError) -> &'static str {
    match error {
        DialError::Connect { .. } | DialError::Resolve { .. } => {
            "nothing is listening there: start the server, or correct the URL"
        }
        // A server that is killed during the dial does that too.
        DialError::Upgrade(why) if is_hung_up(why) => {
            "it hung up before it answered: check that the server is still running, and try again"
        }
        DialError::TimedOut { .. } => {
            "something accepts connections there but does not answer: the server is hanging, or the URL belongs \
             to another program"
        }
        DialError::Refused { status, .. } => match status.as_u16() {
            404 => "the server has no WebSocket at this path: correct the URL",
            429 | 503 => "the server is busy: try again later",
            _ => "another web server answers there: correct the URL",
        },
        DialError::Upgrade(_) | DialError::Handshake(_) => {
            "what answers there is not a WebSocket server of this kind: correct the URL"
        }
        DialError::Tls(error) => crate::advice::tls(error),
        _ => "correct the URL or the server",
    }
}

fn is_hung_up(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

/// Whether the server wants a token, or another one.
fn is_unauthorized(error: &DialError) -> bool {
    matches!(error, DialError::Refused { status, .. } if matches!(status.as_u16(), 401 | 403))
}

/// A setting that cannot work.
pub(crate) fn bad_config(error: impl Into<anyhow::Error>) -> Failure {
    Failure::new(Exit::Usage, error, "correct the URL, the token file or the settings")
}
