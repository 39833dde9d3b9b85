//! The stream of a client that may be anybody: it may say little until it is known.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Reads no more than [`MAX_STRANGER`] bytes until the client is known, its handshake included: the next byte ends the connection.
pub(super) struct Stranger<S> {
    stream: S,
    known: Known,
    left: usize,
}

/// Whether a client is known. A copy is of the same client.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<AtomicBool>);

impl Known {
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl<S> Stranger<S> {
    /// A stranger, and how to make it known.
    pub(super) fn new(stream: S) -> (Self, Known) {
        let known = Known::default();
        (Self { stream, known: known.clone(), left: MAX_STRANGER }, known)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stranger<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.known.get() {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        }
        if this.left == 0 {
            return Poll::Ready(Err(io::Error::other("a client said too much before it was known")));
        }
        let room = buffer.remaining().min(this.left);
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(room));
        ready!(Pin::new(&mut this.stream).poll_read(context, &mut part))?;
        let read = part.filled().len();
        buffer.advance(read);
        this.left -= read;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stranger<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

/// Bytes: a handshake with the cookies of a browser, and a token, several times over. What a client sends behind its token at once
/// may be read with it.
const MAX_STRANGER: usize = 32 << 10;

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn a_client_says_little_until_it_is_known_and_then_what_it_likes() {
        let said = vec![7; 3 * MAX_STRANGER];
        let (mut stranger, known) = Stranger::new(&said[..]);
        let mut read = vec![0; MAX_STRANGER];
        stranger.read_exact(&mut read).await.unwrap();
        stranger.read_exact(&mut [0]).await.unwrap_err();
        known.set();
        let mut rest = Vec::new();
        stranger.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest.len(), 2 * MAX_STRANGER);
    }
}
