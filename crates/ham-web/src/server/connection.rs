//! One connection: HTTP/1.1, within its times and bounds.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_io_timeout::TimeoutStream;
use tower_service::Service as _;

use super::bounds::Bounds;
use super::placed::Placed;
use super::service::Service;
use crate::places::Standing;

/// Where a connection comes from: an extension of its requests.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Serves it until it ends, or has to. Its client is known once it asks for something. Once its service drains it ends with the request
/// under way. The place is given back with the socket.
pub(super) async fn serve<S: Service>(
    io: impl AsyncRead + AsyncWrite + Send + 'static,
    (place, standing): (impl Send + Unpin + 'static, Standing),
    peer: SocketAddr,
    router: Router,
    bounds: Bounds,
    service: Arc<S>,
) {
    let mut io = TimeoutStream::new(io);
    io.set_write_timeout(Some(bounds.slow_write));
    let client = standing.clone();
    let requests = service_fn(move |request: Request<Incoming>| {
        let is_known = client.make_known();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        let mut router = router.clone();
        async move {
            if !is_known {
                // It came too late: the connection is about to be dropped, and nothing was done.
                std::future::pending::<()>().await;
            }
            router.call(request).await
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_headers(bounds.head_lines)
        .max_header_size(bounds.head_bytes)
        .max_buf_size(bounds.head_bytes)
        .serve_connection(TokioIo::new(Placed::new(Box::pin(io), place)), requests)
        .with_upgrades();
    tokio::pin!(connection);
    let first = tokio::time::sleep_until(Instant::now() + bounds.first_request);
    tokio::pin!(first);
    let (draining, stopped) = (Arc::clone(&service).draining(), service.stopped());
    tokio::pin!(draining, stopped);
    let mut drains = false;
    loop {
        // The connection first: it makes what the other arms only bound, and ends by itself.
        tokio::select! {
            biased;
            // How a client ended its connection is its own affair.
            _ = connection.as_mut() => return,
            () = stopped.as_mut() => return,
            () = draining.as_mut(), if !drains => {
                drains = true;
                connection.as_mut().graceful_shutdown();
            }
            () = first.as_mut(), if !standing.is_known() => {
                // It may have asked since this arm was made.
                if !standing.is_known() {
                    return;
                }
            }
        }
    }
}
