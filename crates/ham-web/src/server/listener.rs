//! A listener: takes connections up to a bound, and owns their tasks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, header};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::connection::serve;
use super::service::Service;
use crate::places::{Place, Places, Standing};

/// Listens for a service. Dropping the future of [`run`](Self::run) ends all connections except those that were upgraded.
#[derive(Debug)]
pub struct Listener<S> {
    socket: TcpListener,
    router: Router,
    service: Arc<S>,
    places: Places,
    turned_away: Arc<Semaphore>,
}

/// What a connection holds until its socket is gone.
#[derive(Debug)]
enum Taken {
    Place(#[expect(dead_code, reason = "held for its drop")] Place),
    /// The connection is only told that there is no place.
    TurnedAway(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit),
}

impl<S: Service> Listener<S> {
    /// Serves the router on this socket, to at most this many connections at a time. An idle one makes room for a
    /// newcomer, as [`Places`] describes. If all are busy, newcomers are told so, a few at a time; any beyond those are
    /// closed at once.
    #[must_use]
    pub fn new(socket: TcpListener, router: Router, service: Arc<S>, connections: usize) -> Self {
        let turned_away = (connections / TURNED_AWAY_OF).clamp(FEWEST_TURNED_AWAY, MOST_TURNED_AWAY);
        let (places, turned_away) = (Places::new(connections), Arc::new(Semaphore::new(turned_away)));
        Self { socket, router, service, places, turned_away }
    }

    /// Takes connections until the service drains; then waits for the open ones, until the service has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket and ends all connections.
    pub async fn run(mut self) {
        let mut connections = JoinSet::new();
        let (draining, stopped) = (Arc::clone(&self.service).draining(), Arc::clone(&self.service).stopped());
        tokio::pin!(draining, stopped);
        loop {
            // Draining first: after that nobody is accepted. Ended connections before new ones, so that the list stays short.
            tokio::select! {
                biased;
                () = draining.as_mut() => break,
                Some(_) = connections.join_next() => {}
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, peer)) => self.take(stream, peer, &mut connections).await,
                    // The error of one connection, or no file descriptors left: connections that end give some back.
                    Err(error) => {
                        tracing::warn!(event = "web.accept", %error, "a connection could not be taken");
                        tokio::time::sleep_until(Instant::now() + AFTER_ERROR).await;
                    }
                }
            }
        }
        drop(self.socket);
        tokio::select! {
            biased;
            () = async { while connections.join_next().await.is_some() {} } => {}
            () = stopped => {}
        }
        connections.shutdown().await;
    }

    async fn take(&mut self, stream: TcpStream, peer: SocketAddr, connections: &mut JoinSet<()>) {
        // Only whole answers and whole events are written.
        let _ = stream.set_nodelay(true);
        let service = Arc::clone(&self.service);
        let bounds = service.bounds();
        let (place, standing, router) = match self.places.take(peer.ip()).await {
            Some(place) => {
                let standing = place.standing().clone();
                (Taken::Place(place), standing, self.router.clone())
            }
            // They are told why, as far as that takes nothing from the others.
            None => match Arc::clone(&self.turned_away).try_acquire_owned() {
                Ok(place) => (Taken::TurnedAway(place), Standing::default(), full(Arc::clone(&service))),
                Err(_) => return,
            },
        };
        connections.spawn(async move {
            let place = (place, service.counted());
            let opened = tokio::select! {
                biased;
                opened = Arc::clone(&service).open(stream) => opened,
                () = standing.is_to_leave() => None,
            };
            if let Some(stream) = opened {
                serve(stream, (place, standing), peer, router, bounds, service).await;
            }
        });
    }
}

/// Answers that there is no place.
fn full<S: Service>(service: Arc<S>) -> Router {
    Router::new().fallback(move || {
        let mut response = service.full();
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        async move { response }
    })
}

/// Connections that are told that there is no place: one for each of this many that have one, within these bounds.
const TURNED_AWAY_OF: usize = 8;
const FEWEST_TURNED_AWAY: usize = 16;
const MOST_TURNED_AWAY: usize = 64;
const AFTER_ERROR: Duration = Duration::from_millis(100);
