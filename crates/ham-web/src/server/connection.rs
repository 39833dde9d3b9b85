//! One connection: HTTP/1.1, within its times and bounds.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_io_timeout::TimeoutStream;
use tower_service::Service as _;

use super::bounds::Bounds;
use super::placed::{Answer, Placed};
use super::service::Service;
use crate::places::Standing;

/// Where a connection comes from: an extension of its requests.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Serves it until it ends or has to end. Once its service drains, it ends after the request under way. If its client
/// has to leave for another, it ends, unless a request has arrived by then: that one is still answered. The place is
/// given back together with the socket.
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
        let is_here = client.begin();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        request.extensions_mut().insert(client.clone());
        let (mut router, client) = (router.clone(), client.clone());
        async move {
            if !is_here {
                // The connection is about to be dropped, and nothing was done.
                std::future::pending::<()>().await;
            }
            let Ok(response) = router.call(request).await;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                client.make_known();
            }
            Ok::<_, Infallible>(response.map(|body| Answer::new(body, client)))
        }
    });
    let io = Placed::new(Box::pin(io), place, standing.clone());
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_headers(bounds.head_lines)
        .max_header_size(bounds.head_bytes)
        .max_buf_size(bounds.head_bytes)
        .serve_connection(TokioIo::new(io), requests)
        .with_upgrades();
    tokio::pin!(connection);
    let first = tokio::time::sleep_until(Instant::now() + bounds.first_request);
    tokio::pin!(first);
    let (draining, stopped) = (Arc::clone(&service).draining(), service.stopped());
    tokio::pin!(draining, stopped);
    let mut drains = false;
    loop {
        // The connection first: it does the work that the other arms only bound, and ends by itself.
        tokio::select! {
            biased;
            // How a client ended its connection is its own affair.
            _ = connection.as_mut() => return,
            () = stopped.as_mut() => return,
            () = draining.as_mut(), if !drains => {
                drains = true;
                connection.as_mut().graceful_shutdown();
            }
            () = standing.is_to_leave() => {
                connection.as_mut().graceful_shutdown();
                // Its end is written, as far as the client takes it at once; anything that arrived meanwhile is read.
                if connection.as_mut().now_or_never().is_some() || standing.leave() {
                    tracing::debug!("an idle client makes room for another");
                    return;
                }
            }
            () = first.as_mut(), if !standing.has_asked() => {
                // It may have asked since this arm was created.
                if !standing.has_asked() {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::pin::pin;

    use axum::response::{IntoResponse as _, Response};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;
    use crate::places::Places;

    struct Anybody;

    impl Service for Anybody {
        type Stream = TcpStream;
        type Counted = ();

        fn bounds(&self) -> Bounds {
            Bounds::default()
        }

        fn counted(&self) {}

        async fn open(self: Arc<Self>, socket: TcpStream) -> Option<TcpStream> {
            Some(socket)
        }

        fn full(&self) -> Response {
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }

    /// What a client that has asked this often reads until the end, if it sends this just after another has come for
    /// its place.
    async fn crossed(asked: usize, late: &[u8]) -> String {
        let peer = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 1);
        let mut places = Places::new(1);
        let place = places.take(peer.ip()).await.unwrap();
        let standing = place.standing().clone();
        let (mut client, io) = tokio::io::duplex(1 << 12);
        let router = Router::new().fallback(|| async { "served" });
        let mut serving =
            Box::pin(serve(io, (place, standing), peer, router, Bounds::default(), Arc::new(Anybody)));
        for _ in 0..asked {
            client.write_all(REQUEST).await.unwrap();
            assert!(serving.as_mut().now_or_never().is_none());
        }
        let mut newcomer = pin!(places.take(peer.ip()));
        assert!(newcomer.as_mut().now_or_never().is_none(), "it is waited for");
        client.write_all(late).await.unwrap();
        // A client that asks stays, and becomes idle again.
        for _ in 0..usize::from(late == REQUEST) {
            assert!(serving.as_mut().now_or_never().is_none());
            assert!(newcomer.as_mut().now_or_never().is_none());
        }
        assert!(serving.as_mut().now_or_never().is_some());
        drop(serving);
        assert!(newcomer.now_or_never().unwrap().is_some());
        let mut read = String::new();
        client.read_to_string(&mut read).await.unwrap();
        read
    }

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    #[tokio::test]
    async fn a_request_that_comes_just_as_its_connection_is_chosen_is_answered() {
        for asked in 0..3 {
            let read = crossed(asked, REQUEST).await;
            assert_eq!(read.matches("served").count(), asked + 1, "{read}");
        }
        // Half a request is not a request.
        for late in [&b""[..], b"G", &REQUEST[..REQUEST.len() - 1]] {
            for asked in 0..3 {
                let read = crossed(asked, late).await;
                assert_eq!(read.matches("served").count(), asked, "{read}");
            }
        }
    }
}
