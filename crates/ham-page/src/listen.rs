//! The server of the page: on loopback only, for as long as it is held.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use ham_devconductor::{Observer, ViewError};
use ham_web::Bodies;
use holochain_types::prelude::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::build::{Build, LastBuild};
use crate::clients::{OF_PAGE, listener};
use crate::concurrency_limit::{ConcurrencyLimit, INSTALLS, VALUES};
use crate::guard::Guard;
use crate::memory::Memory;
use crate::recorder;
use crate::routes::router;
use crate::served::{BODIES, MAX_BUNDLE, Served};

/// What the page says about its conductor, and where it is served.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct PageConfig {
    /// The port; 0 picks a free one.
    pub port: u16,
    /// The port of the conductor's admin interface.
    pub admin_port: u16,
    /// The port of the conductor's app interface; `None` if none is attached.
    pub app_port: Option<u16>,
    /// The release that the conductor appears as.
    pub release: String,
}

impl PageConfig {
    /// Serves it on this port; 0 picks a free one.
    #[must_use]
    pub fn with_port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// What it says about the conductor.
    #[must_use]
    pub fn with_conductor(self, admin_port: u16, app_port: Option<u16>, release: impl ToString) -> Self {
        Self { admin_port, app_port, release: release.to_string(), ..self }
    }
}

/// A page that is being served. Dropping it ends its server, its streams and its record of events.
#[derive(Debug)]
pub struct Page {
    address: SocketAddr,
    served: Arc<Served>,
    _tasks: JoinSet<()>,
}

impl Page {
    /// Serves the page of a conductor, and begins to record what happens in the conductor.
    ///
    /// # Errors
    /// The port is taken, or the conductor has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing behind.
    pub async fn serve(observer: Observer, config: PageConfig) -> std::io::Result<Self> {
        let stopped = |error: ViewError| std::io::Error::other(error);
        let watch = observer.watch().map_err(stopped)?;
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port)).await?;
        let address = socket.local_addr()?;
        let conductor = json!({
            "state": "running", "kind": "embedded", "version": format!("as holochain {}", config.release),
            "since": Timestamp::now().as_millis(), "admin_port": config.admin_port, "app_port": config.app_port,
        });
        let served = Arc::new(Served {
            memory: Arc::new(Memory::new(observer)),
            conductor,
            build: LastBuild::default(),
            long_values: ConcurrencyLimit::of(VALUES),
            bodies: Bodies::of(BODIES),
            bundles: Bodies::of(INSTALLS * MAX_BUNDLE),
            installs: ConcurrencyLimit::of(INSTALLS),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(recorder::record(Arc::clone(&served.memory), watch));
        let router = router(Arc::clone(&served), Guard::of(address));
        tasks.spawn(listener(socket, router, OF_PAGE).run());
        Ok(Self { address, served, _tasks: tasks })
    }

    /// Tells the pages the state of the app that is built from this directory.
    pub fn tell_build(&self, directory: &str, build: &Build) {
        self.served.build.set(directory, build);
        self.served.memory.hub.publish("state", &json!({ "at": Timestamp::now().as_millis() }));
    }

    /// The page's address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
