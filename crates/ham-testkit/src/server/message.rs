//! What is sent and received: data messages only.

use bytes::Bytes;
use tokio_tungstenite::tungstenite;

/// A WebSocket data message. Pings and pongs are answered below this level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A binary message.
    Binary(Bytes),
    /// A text message.
    Text(String),
}

impl Message {
    /// The payload, of either kind.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        match self {
            Self::Binary(bytes) => bytes,
            Self::Text(text) => text.as_bytes(),
        }
    }

    /// `None` for control messages.
    pub(crate) fn from_wire(message: tungstenite::Message) -> Option<Self> {
        match message {
            tungstenite::Message::Binary(bytes) => Some(Self::Binary(bytes)),
            tungstenite::Message::Text(text) => Some(Self::Text(text.as_str().to_owned())),
            tungstenite::Message::Ping(_)
            | tungstenite::Message::Pong(_)
            | tungstenite::Message::Close(_)
            | tungstenite::Message::Frame(_) => None,
        }
    }

    pub(crate) fn into_wire(self) -> tungstenite::Message {
        match self {
            Self::Binary(bytes) => tungstenite::Message::Binary(bytes),
            Self::Text(text) => tungstenite::Message::Text(text.into()),
        }
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}
