//! The server's end of one connection, in a test's hands.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self};

use super::message::Message;
use super::upgrade::Upgrade;
use crate::events::DEFAULT_EVENT_TIMEOUT;

/// The server's end of one connection. Dropping it drops the socket without a close frame.
///
/// Pings are answered only while [`receive`](Self::receive) runs.
#[derive(Debug)]
pub struct Peer {
    pub(super) connection: u64,
    pub(super) upgrade: Upgrade,
    pub(super) socket: WebSocketStream<TcpStream>,
}

impl Peer {
    /// Number of the connection, counted from 0 in the order accepted.
    #[must_use]
    pub fn connection(&self) -> u64 {
        self.connection
    }

    /// The client's upgrade request.
    #[must_use]
    pub fn upgrade(&self) -> &Upgrade {
        &self.upgrade
    }

    /// The next data message; waits up to [`DEFAULT_EVENT_TIMEOUT`].
    ///
    /// # Errors
    /// [`PeerError::Closed`] if the client closed, [`PeerError::TimedOut`] if nothing came, [`PeerError::Socket`] for anything else.
    ///
    /// # Cancel safety
    /// Cancel safe: no message is lost.
    pub async fn receive(&mut self) -> Result<Message, PeerError> {
        let next = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(message)) => {
                        if let Some(message) = Message::from_wire(message) {
                            return Ok(message);
                        }
                    }
                    Some(Err(failed)) => return Err(failed.into()),
                    None => return Err(PeerError::Closed),
                }
            }
        };
        let within = DEFAULT_EVENT_TIMEOUT;
        tokio::time::timeout(within, next).await.unwrap_or(Err(PeerError::TimedOut { within }))
    }

    /// Sends a data message.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    ///
    /// # Cancel safety
    /// Not cancel safe: part of the message may have been sent.
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), PeerError> {
        self.bounded_send(message.into().into_wire()).await
    }

    /// Sends a ping with this payload (at most 125 bytes).
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    ///
    /// # Cancel safety
    /// Not cancel safe: part of the frame may have been sent.
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), PeerError> {
        self.bounded_send(tungstenite::Message::Ping(payload.to_vec().into())).await
    }

    /// Sends a close frame with this code and waits until the client has closed too.
    ///
    /// # Errors
    /// As [`receive`](Self::receive), except that a client that closed means success.
    ///
    /// # Cancel safety
    /// Cancel safe in effect: the peer is consumed and its socket dropped.
    pub async fn close(self, code: u16) -> Result<(), PeerError> {
        self.close_saying(code, "").await
    }

    /// As [`close`](Self::close), with a reason (at most 123 bytes).
    ///
    /// # Errors
    /// As [`close`](Self::close).
    ///
    /// # Cancel safety
    /// As [`close`](Self::close).
    pub async fn close_saying(mut self, code: u16, reason: &str) -> Result<(), PeerError> {
        let frame = CloseFrame { code: code.into(), reason: reason.to_owned().into() };
        self.bounded_send(tungstenite::Message::Close(Some(frame))).await?;
        loop {
            match self.receive().await {
                Ok(_) => {}
                Err(PeerError::Closed) => return Ok(()),
                Err(failed) => return Err(failed),
            }
        }
    }

    async fn bounded_send(&mut self, message: tungstenite::Message) -> Result<(), PeerError> {
        let within = DEFAULT_EVENT_TIMEOUT;
        let sent = tokio::time::timeout(within, self.socket.send(message)).await;
        sent.map_err(|_| PeerError::TimedOut { within })?.map_err(PeerError::from)
    }
}

/// Why a [`Peer`] could not do what it was told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// The client closed the connection.
    #[error("the client closed the connection")]
    Closed,
    /// The socket failed or carried something other than WebSocket.
    #[error("the socket failed")]
    Socket(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Nothing happened in time.
    #[error("nothing happened within {within:?}")]
    TimedOut {
        /// The bound.
        within: Duration,
    },
}

impl From<tungstenite::Error> for PeerError {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => Self::Closed,
            other => Self::Socket(Box::new(other)),
        }
    }
}
