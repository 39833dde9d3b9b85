//! A listener: takes connections, no more than may be, and owns their tasks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::IntoResponse as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::connection::serve;
use crate::gateway::Gateway;
use crate::kind::Kind;
use crate::life::Life;
use crate::metrics::Connection;
use crate::problem::Problem;

/// What listens.
pub(super) struct Listener {
    pub(super) socket: TcpListener,
    pub(super) router: Router,
    pub(super) gateway: Arc<Gateway>,
    /// Whether a certificate is shown.
    pub(super) secure: bool,
    /// Connections that may be open.
    pub(super) places: Arc<Semaphore>,
}

impl Listener {
    /// Takes connections until the gateway drains; then waits for those that are open, until it has stopped.
    pub(super) async fn run(self) {
        let mut connections = JoinSet::new();
        let mut life = self.gateway.life();
        let turned_away = Arc::new(Semaphore::new(TURNED_AWAY));
        loop {
            // That it drains first: then nobody is let in any more. What has ended before what comes, so that the list stays short.
            tokio::select! {
                biased;
                () = life.reaches(Life::Draining) => break,
                Some(_) = connections.join_next() => {}
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, peer)) => self.take(stream, peer, &turned_away, &mut connections),
                    // Of one connection, or for want of files: those that end give some back.
                    Err(error) => {
                        tracing::warn!(event = "gateway.accept", %error, "a connection could not be taken");
                        tokio::time::sleep_until(Instant::now() + AFTER_ERROR).await;
                    }
                }
            }
        }
        drop(self.socket);
        tokio::select! {
            biased;
            () = async { while connections.join_next().await.is_some() {} } => {}
            () = life.reaches(Life::Stopped) => {}
        }
        connections.shutdown().await;
    }

    fn take(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        turned_away: &Arc<Semaphore>,
        connections: &mut JoinSet<()>,
    ) {
        // What is written is whole answers and whole events.
        let _ = stream.set_nodelay(true);
        let live = self.gateway.live();
        let (limits, tls) = (live.config.limits.clone(), live.tls.clone().filter(|_| self.secure));
        drop(live);
        let life = self.gateway.life();
        let (place, router) = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => (place, self.router.clone()),
            // They are told why, as far as that takes nothing from the others.
            Err(_) => match Arc::clone(turned_away).try_acquire_owned() {
                Ok(place) => (place, full()),
                Err(_) => return,
            },
        };
        connections.spawn(async move {
            let _counted = (place, Connection::opened());
            let Some(tls) = tls else { return serve(stream, peer, router, &limits, life).await };
            let handshake = TlsAcceptor::from(tls).accept(stream);
            if let Ok(Ok(stream)) = tokio::time::timeout(limits.tls_handshake, handshake).await {
                serve(stream, peer, router, &limits, life).await;
            }
        });
    }
}

/// Answers that there is no place.
fn full() -> Router {
    Router::new().fallback(|| async {
        let problem =
            Problem::new(Kind::TooManyConnections, "come back when some have ended").with_retry_after(AGAIN);
        let text = problem.clone().json("");
        let mut response = problem.into_response();
        response.headers_mut().insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
        *response.body_mut() = text.into();
        response
    })
}

/// Connections that are told that there is no place; further ones are closed.
const TURNED_AWAY: usize = 64;
const AFTER_ERROR: Duration = Duration::from_millis(100);
const AGAIN: Duration = Duration::from_secs(1);
