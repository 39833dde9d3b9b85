//! A server that is no conductor: where it is and with which token.

use std::path::PathBuf;

use ham_session::{DialError, RequestError};
use url::Url;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::settings::websocket_url;

/// Which server.
#[derive(Debug, clap::Args)]
pub(crate) struct Peer {
    /// The server's URL, ws:// or wss://
    url: String,
    /// The file with the token; - is standard input. Tokens are never flags
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl Peer {
    /// The URL. A wrong one is not repeated: it may hold a token.
    pub(crate) fn url(&self) -> Result<Url, Failure> {
        websocket_url(&self.url).ok_or_else(|| {
            Failure::usage("the URL must be a ws:// or wss:// URL with a host", "give for instance ws://localhost:2661/ws")
        })
    }

    /// The token, read anew.
    pub(crate) async fn token(&self) -> Result<Option<String>, Failure> {
        let Some(file) = &self.token_file else { return Ok(None) };
        let bytes = input::file_or_stdin(file, input::MAX_SETTINGS).await?;
        let token = String::from_utf8(bytes).map_err(|_| bad_token())?;
        let token = token.trim_end_matches(['\n', '\r']);
        if token.is_empty() || token.chars().any(|c| c.is_control() || !c.is_ascii()) {
            return Err(bad_token());
        }
        Ok(Some(token.to_owned()))
    }

    /// Whether the token comes from standard input.
    pub(crate) fn reads_stdin(&self) -> bool {
        self.token_file.as_ref().is_some_and(|file| file.as_os_str() == "-")
    }
}

fn bad_token() -> Failure {
    Failure::usage("the token file holds no token", "write the token to it: one line of printable ASCII")
}

/// What to do about a dial to such a server that failed.
pub(crate) fn advice(error: &DialError) -> &'static str {
    match error {
        DialError::Connect { .. } | DialError::Resolve { .. } => "nothing listens there: start the server, or correct the URL",
        DialError::TimedOut { .. } => {
            "something accepts connections there and does not answer: the server hangs, or the URL is another program's"
        }
        DialError::Refused { status, .. } => match status.as_u16() {
            401 | 403 => "the server wants another token: write it to a file and name that with --token-file",
            404 => "the server has no WebSocket at this path: correct the URL",
            429 | 503 => "the server is busy: try again later",
            _ => "what answers there is another web server: correct the URL",
        },
        DialError::Upgrade(_) | DialError::Handshake(_) => "what answers there is no such server: correct the URL",
        DialError::Tls(_) => "check the server's certificate; wss:// trusts the public authorities",
        _ => "correct the URL or the server",
    }
}

/// How a command ends whose request failed on a link.
pub(crate) fn request_exit(error: &RequestError) -> (Exit, &'static str) {
    use ham_session::Delivery;
    match error.delivery() {
        Delivery::NotSent => (Exit::NotRun, "try again"),
        Delivery::Unknown | Delivery::Answered => {
            (Exit::Unknown, "the server may have acted on it: look before asking again")
        }
    }
}
