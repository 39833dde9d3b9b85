//! A client's upgrade request.

use tokio_tungstenite::tungstenite::handshake::server::Request;

/// The upgrade request of a client: for tests of tokens, origins and addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upgrade {
    /// Path and query as sent.
    pub target: String,
    /// Header names (lower case) and values, in the order sent; a value that is not text is replaced character by character.
    pub headers: Vec<(String, String)>,
}

impl Upgrade {
    /// The first header with this name, compared case-insensitively.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn of(request: &Request) -> Self {
        let headers = request.headers().iter();
        Self {
            target: request.uri().to_string(),
            headers: headers
                .map(|(name, value)| {
                    (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                })
                .collect(),
        }
    }
}
