//! The socket during a protocol's handshake.

use super::errors::handshake_error;
use super::{Received, Transport};
use crate::error::{HandshakeError, LinkEnd};
use crate::frame::Frame;

/// The socket during a protocol's handshake.
pub struct HandshakeIo<'a> {
    transport: &'a mut Transport,
}

impl<'a> HandshakeIo<'a> {
    pub(crate) fn new(transport: &'a mut Transport) -> Self {
        Self { transport }
    }

    /// Sends a frame; resolves once the socket has taken it.
    ///
    /// # Errors
    /// [`HandshakeError::Io`] or [`HandshakeError::Closed`] when the connection ended.
    ///
    /// # Cancel safety
    /// Part of the frame may have been sent; the dial cannot go on then.
    pub async fn send(&mut self, frame: Frame) -> Result<(), HandshakeError> {
        self.transport.feed(frame).map_err(handshake_error)?;
        std::future::poll_fn(|cx| self.transport.poll_flush(cx)).await.map_err(handshake_error)
    }

    /// The next data frame. Pings are answered, pongs skipped.
    ///
    /// # Errors
    /// [`HandshakeError::Closed`] when the peer closed, [`HandshakeError::Violation`] for a frame that is too large or
    /// malformed, [`HandshakeError::Io`] when the connection broke.
    ///
    /// # Cancel safety
    /// Cancel-safe: no frame is lost.
    pub async fn recv(&mut self) -> Result<Frame, HandshakeError> {
        loop {
            let received = std::future::poll_fn(|cx| self.transport.poll_receive(cx)).await;
            match received.map_err(handshake_error)? {
                Received::Frame(frame) => return Ok(frame),
                Received::Ping | Received::Pong(_) => {}
                Received::Closed { code, reason } => {
                    return Err(handshake_error(LinkEnd::ClosedByPeer { code, reason }));
                }
            }
        }
    }
}

impl std::fmt::Debug for HandshakeIo<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HandshakeIo").finish_non_exhaustive()
    }
}
