//! The clients of the gateway's listeners, and their terms.

use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use ham_web::{Bounds, Service};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use crate::gateway::Gateway;
use crate::kind::Kind;
use crate::life::Life;
use crate::metrics::Connection;
use crate::problem::Problem;

/// The clients of one listener.
pub(super) struct Clients {
    pub(super) gateway: Arc<Gateway>,
    /// Whether a certificate is presented.
    pub(super) secure: bool,
}

impl Service for Clients {
    type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;
    type Counted = Connection;

    fn bounds(&self) -> Bounds {
        let live = self.gateway.live();
        let limits = &live.config.limits;
        Bounds::default()
            .with_first_request(limits.first_request)
            .with_head(limits.head, limits.head_lines, limits.head_bytes)
            .with_slow_write(limits.slow_write)
    }

    fn counted(&self) -> Connection {
        Connection::opened()
    }

    async fn open(self: Arc<Self>, socket: TcpStream) -> Option<Self::Stream> {
        let live = self.gateway.live();
        let (tls, time) = (live.tls.clone().filter(|_| self.secure), live.config.limits.tls_handshake);
        drop(live);
        let Some(tls) = tls else { return Some(Either::Left(socket)) };
        let handshake = TlsAcceptor::from(tls).accept(socket);
        let stream = tokio::time::timeout(time, handshake).await.ok()?.ok()?;
        Some(Either::Right(Box::new(stream)))
    }

    fn full(&self) -> Response {
        let problem =
            Problem::new(Kind::TooManyConnections, "try again when some have ended").with_retry_after(AGAIN);
        let text = problem.clone().json("");
        let mut response = problem.into_response();
        *response.body_mut() = text.into();
        response
    }

    async fn draining(self: Arc<Self>) {
        self.gateway.life().reaches(Life::Draining).await;
    }

    async fn stopped(self: Arc<Self>) {
        self.gateway.life().reaches(Life::Stopped).await;
    }
}

const AGAIN: Duration = Duration::from_secs(1);
