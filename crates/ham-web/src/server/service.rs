//! The service whose connections a listener takes.

use std::future;
use std::sync::Arc;

use axum::response::Response;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::bounds::Bounds;

/// What a listener needs from the service it listens for.
pub trait Service: Send + Sync + 'static {
    /// What requests are read from: the socket itself, or the stream behind a handshake.
    type Stream: AsyncRead + AsyncWrite + Send + 'static;
    /// Made when a connection is taken, dropped when its socket is.
    type Counted: Send + Unpin + 'static;

    /// The bounds of the next connection.
    fn bounds(&self) -> Bounds;

    /// One more connection is open.
    fn counted(&self) -> Self::Counted;

    /// Shakes hands with a client. `None` if that fails; it has to end by itself.
    fn open(self: Arc<Self>, socket: TcpStream) -> impl Future<Output = Option<Self::Stream>> + Send;

    /// The answer to a client for whom there is no place.
    fn full(&self) -> Response;

    /// Resolves when no more connections are accepted, and open ones end after the request under way. Never, by default.
    fn draining(self: Arc<Self>) -> impl Future<Output = ()> + Send {
        future::pending()
    }

    /// Resolves when connections that are still open are cut off. Never, by default.
    fn stopped(self: Arc<Self>) -> impl Future<Output = ()> + Send {
        future::pending()
    }
}
