//! Whose connections a listener takes.

use std::future;
use std::sync::Arc;

use axum::response::Response;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::bounds::Bounds;

/// What a listener asks of whom it listens for.
pub trait Service: Send + Sync + 'static {
    /// What requests are read from: the socket itself, or what is behind a handshake.
    type Stream: AsyncRead + AsyncWrite + Send + 'static;
    /// Made when a connection is taken, dropped when its socket is.
    type Counted: Send + Unpin + 'static;

    /// The bounds of the next connection.
    fn bounds(&self) -> Bounds;

    /// One more connection is open.
    fn counted(&self) -> Self::Counted;

    /// Shakes hands with a client. `None` where that fails; it has to end by itself.
    fn open(self: Arc<Self>, socket: TcpStream) -> impl Future<Output = Option<Self::Stream>> + Send;

    /// Answers a client for whom there is no place.
    fn full(&self) -> Response;

    /// Resolves when nobody is let in any more, and connections end with the request under way. Never, unless it is said.
    fn draining(self: Arc<Self>) -> impl Future<Output = ()> + Send {
        future::pending()
    }

    /// Resolves when what is still open is cut off. Never, unless it is said.
    fn stopped(self: Arc<Self>) -> impl Future<Output = ()> + Send {
        future::pending()
    }
}
