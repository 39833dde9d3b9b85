//! Which connections the page and the windows accept: those from this machine.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use ham_web::{Bounds, Listener, Service};
use tokio::net::{TcpListener, TcpStream};

use crate::problem::Problem;

/// Everyone who connects.
#[derive(Debug)]
pub(crate) struct Clients;

/// Serves them, at most this many at a time.
pub(crate) fn listener(socket: TcpListener, router: Router, connections: usize) -> Listener<Clients> {
    Listener::new(socket, router, Arc::new(Clients), connections)
}

impl Service for Clients {
    type Stream = TcpStream;
    type Counted = ();

    fn bounds(&self) -> Bounds {
        Bounds::default().with_slow_write(SLOW_WRITE)
    }

    fn counted(&self) {}

    async fn open(self: Arc<Self>, socket: TcpStream) -> Option<TcpStream> {
        Some(socket)
    }

    fn full(&self) -> Response {
        let title = "Too many connections are open";
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-connections", title);
        problem.detail("close some pages, or come back when others have ended").again().into_response()
    }
}

/// A browser may be busy with a page and still have its connection open.
const SLOW_WRITE: Duration = Duration::from_secs(30);
/// Connections to the page at a time: twice as many as there are streams, and two dozen browsers that load it.
pub(crate) const OF_PAGE: usize = 128;
/// Connections to a window at a time: ten browsers that load it.
pub(crate) const OF_WINDOW: usize = 64;
