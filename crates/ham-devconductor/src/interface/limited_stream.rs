//! A client's stream: the client may send little until it is known, and after that no more and no more slowly than the conductor's bounds allow.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::incoming_limits::{IncomingLimits, Refusal};
use super::meter::Meter;
use super::reading::Reading;

/// Until the client is known, reads no more than [`MAX_STRANGER`] bytes, its handshake included: the next byte ends the connection.
/// Once a message meets a bound, what still comes is thrown away for a moment, so that the client can read the reason.
pub(super) struct LimitedStream<S> {
    /// `None` before its frames. It is dropped before the stream: a client that sees its connection end finds its room free.
    meter: Option<Meter>,
    stream: S,
    reading: Reading,
    left: usize,
    /// Until when it is still listened to.
    leaves: Option<Pin<Box<Sleep>>>,
}

impl<S> LimitedStream<S> {
    /// A client that is not known yet.
    pub(super) fn new(stream: S, reading: Reading) -> Self {
        Self { meter: None, stream, reading, left: MAX_STRANGER, leaves: None }
    }

    /// The handshake is done: from now on, frames come.
    pub(super) fn expect_frames(&mut self, limits: IncomingLimits) {
        self.meter = Some(Meter::new(limits));
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.reading.refuse(refusal);
        self.leaves = Some(Box::pin(sleep_until(Instant::now() + LINGER)));
    }
}

impl<S: AsyncRead + Unpin> LimitedStream<S> {
    fn poll_bytes(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.reading.is_known() {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        if self.left == 0 {
            return Poll::Ready(Err(io::Error::other("a client sent too much before it was known")));
        }
        let room = buffer.remaining().min(self.left);
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(room));
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut part))?;
        let read = part.filled().len();
        buffer.advance(read);
        self.left -= read;
        Poll::Ready(Ok(()))
    }

    /// Ready with nothing, like an end, when it has lingered.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.leaves.as_mut().is_some_and(|leaves| leaves.as_mut().poll(context).is_ready()) {
            return Poll::Ready(Ok(()));
        }
        let mut thrown_away = [0; 8 << 10];
        loop {
            let mut part = ReadBuf::new(&mut thrown_away);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut part))?;
            if part.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for LimitedStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.leaves.is_some() {
            return this.poll_end(context);
        }
        let before = buffer.filled().len();
        let polled = this.poll_bytes(context, buffer);
        let Some(meter) = &mut this.meter else { return polled };
        let refusal = match &polled {
            Poll::Ready(Ok(())) => meter.take(&buffer.filled()[before..], this.reading.paused()).err(),
            Poll::Ready(Err(_)) => None,
            Poll::Pending => match meter.poll_late(context, this.reading.paused()) {
                Poll::Ready(refusal) => Some(refusal),
                Poll::Pending => None,
            },
        };
        let Some(refusal) = refusal else { return polled };
        buffer.set_filled(before);
        this.refuse(refusal);
        this.poll_end(context)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for LimitedStream<S> {
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

/// In bytes: a handshake with a browser's cookies, and a token, several times over. What a client sends directly after its token may
/// be read together with it.
const MAX_STRANGER: usize = 32 << 10;
/// How long a client whose message met a bound may go on sending: unread data resets the connection when a socket is closed, and a
/// client whose connection is reset does not read the reason.
const LINGER: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn a_client_says_little_until_it_is_known_and_then_what_it_likes() {
        let said = vec![7; 3 * MAX_STRANGER];
        let reading = Reading::default();
        let mut stranger = LimitedStream::new(&said[..], reading.clone());
        let mut read = vec![0; MAX_STRANGER];
        stranger.read_exact(&mut read).await.unwrap();
        stranger.read_exact(&mut [0]).await.unwrap_err();
        reading.make_known();
        let mut rest = Vec::new();
        stranger.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest.len(), 2 * MAX_STRANGER);
    }

    /// A known client, and the stream that it writes to.
    fn known(
        limits: &IncomingLimits,
    ) -> (tokio::io::DuplexStream, LimitedStream<tokio::io::DuplexStream>, Reading) {
        let (client, stream) = tokio::io::duplex(64);
        let reading = Reading::default();
        let mut limited = LimitedStream::new(stream, reading.clone());
        reading.make_known();
        limited.expect_frames(limits.clone());
        (client, limited, reading)
    }

    /// Case: unfinished messages waited for ever.
    #[tokio::test(start_paused = true)]
    async fn a_message_comes_in_time_or_the_client_goes_and_a_silent_one_stays() {
        use tokio::io::AsyncWriteExt as _;
        let minute = Duration::from_secs(60);
        let (mut client, mut limited, reading) = known(&IncomingLimits::new(1 << 20, minute));
        let started = Instant::now();
        let mut bytes = [0; 64];
        // A message of one byte; then nothing for an hour, which is no message.
        client.write_all(&[0x82, 0x81, 0, 0, 0, 0, 7]).await.unwrap();
        assert_eq!(limited.read(&mut bytes).await.unwrap(), 7);
        tokio::time::timeout(minute * 60, limited.read(&mut bytes)).await.unwrap_err();
        // A message that has begun, of which nobody reads more for two minutes: that time is not the client's.
        client.write_all(&[0x82, 0x85, 0, 0, 0, 0, 7]).await.unwrap();
        let reads = reading.begin();
        assert_eq!(limited.read(&mut bytes).await.unwrap(), 7);
        drop(reads);
        tokio::time::advance(minute * 2).await;
        let reads = reading.begin();
        assert_eq!(limited.read(&mut bytes).await.unwrap(), 0);
        drop(reads);
        assert_eq!(reading.refusal(), Some(Refusal::Time { after: minute }));
        assert_eq!(started.elapsed(), minute * 63 + LINGER);
        assert!(reading.ended().is_cancelled());
    }
}
