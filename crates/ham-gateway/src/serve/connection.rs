//! One connection: HTTP/1.1, within its times and bounds.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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

use crate::auth::Peer;
use crate::config::Limits;
use crate::life::{Life, LifeWatch};

/// Serves it until it ends, or the gateway has stopped. Once the gateway drains it ends with the request under way.
pub(super) async fn serve<S>(io: S, peer: SocketAddr, router: Router, limits: &Limits, mut life: LifeWatch)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let mut io = TimeoutStream::new(io);
    io.set_write_timeout(Some(limits.slow_write));
    let asked = Arc::new(AtomicBool::new(false));
    let service = service_fn({
        let asked = Arc::clone(&asked);
        move |request: Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            router.clone().call(request)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_headers(limits.head_lines)
        .max_header_size(limits.head_bytes)
        .max_buf_size(limits.head_bytes)
        .serve_connection(TokioIo::new(Box::pin(io)), service)
        .with_upgrades();
    tokio::pin!(connection);
    let first = tokio::time::sleep_until(Instant::now() + limits.first_request);
    tokio::pin!(first);
    let mut drains = false;
    loop {
        let next = if drains { Life::Stopped } else { Life::Draining };
        // The connection first: it makes what the other arms only bound, and ends by itself.
        tokio::select! {
            biased;
            // How a client ended its connection is its own affair.
            _ = connection.as_mut() => return,
            () = life.reaches(next) => {
                if drains {
                    return;
                }
                drains = true;
                connection.as_mut().graceful_shutdown();
            }
            () = first.as_mut(), if !asked.load(Ordering::Relaxed) => {
                // It may have asked since this arm was made.
                if !asked.load(Ordering::Relaxed) {
                    return;
                }
            }
        }
    }
}
