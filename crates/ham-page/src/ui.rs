//! The developer's own page, beside ours: served with the environment that a launcher gives a page, so that
//! `@holochain/client` connects and signs without a grant. Each agent has an address of its own, just as each has a
//! window in a launcher.

mod environment;
mod files;
mod proxy;
mod serving;
mod sign;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{any, get, post};
use ham_devconductor::{Observer, ViewError};
use ham_web::Bodies;
use holo_hash::AgentPubKey;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::clients::{OF_WINDOW, listener};
use crate::guard::{Guard, guard};
use serving::{Environment, Serving};

pub use serving::UiSource;

/// How to serve a developer's page.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UiConfig {
    /// Where the page comes from.
    pub source: UiSource,
    /// The app interface that it connects to.
    pub app_port: u16,
}

impl UiConfig {
    /// A page that connects to this interface.
    #[must_use]
    pub fn new(source: UiSource, app_port: u16) -> Self {
        Self { source, app_port }
    }
}

/// The developer's page for one agent. Dropping it ends its server; its token stays valid until the conductor ends.
#[derive(Debug)]
pub struct Window {
    /// The installed app.
    pub app: String,
    /// Its agent.
    pub agent: AgentPubKey,
    /// Where the page is.
    pub address: SocketAddr,
    _tasks: JoinSet<()>,
}

/// Serves the page for every installed app.
///
/// # Errors
/// The conductor has stopped, or there is no free port.
///
/// # Cancel safety
/// Dropping the future leaves nothing behind except tokens that nobody knows.
pub async fn serve_ui(observer: &Observer, config: UiConfig) -> std::io::Result<Vec<Window>> {
    let stopped = |error: ViewError| std::io::Error::other(error);
    let (mut windows, bodies) = (Vec::new(), Bodies::of(BODIES));
    for info in observer.apps().await.map_err(stopped)? {
        let (app, agent) = (info.installed_app_id, info.agent_pub_key);
        let token = observer.issue_token(&app).map_err(stopped)?;
        let environment = Environment::new(config.app_port, &app, token);
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = socket.local_addr()?;
        let serving = Serving {
            source: config.source.clone(),
            environment,
            observer: observer.clone(),
            agent: agent.clone(),
            bodies: bodies.clone(),
        };
        let mut tasks = JoinSet::new();
        let router = router(Arc::new(serving), Guard::of(address).with_frames());
        tasks.spawn(listener(socket, router, OF_WINDOW).run());
        windows.push(Window { app, agent, address, _tasks: tasks });
    }
    Ok(windows)
}

fn router(serving: Arc<Serving>, of: Guard) -> Router {
    let router =
        Router::new().route(environment::PATH, get(environment::script)).route(sign::PATH, post(sign::sign));
    let router = match serving.source {
        UiSource::Directory(_) => router.fallback(get(files::file)),
        UiSource::Server(_) => router.fallback(any(proxy::pass)),
    };
    router.layer(middleware::from_fn_with_state(of, guard)).with_state(serving)
}

/// Bytes of the calls that all windows together have signed at a time: four of the largest.
const BODIES: usize = 4 * sign::MAX_CALL;
