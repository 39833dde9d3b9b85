//! The network of a simulated process.

use std::fmt;
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ham_session::{Io, Network, NetworkFuture};

use super::fault::LinkPlan;
use super::stream::{Cut, End, Severed, pair};

/// Where a process's streams lead.
pub(crate) trait Router: Send + Sync {
    /// The addresses of a name.
    fn resolve(&self, host: &str, port: u16) -> Vec<SocketAddr>;

    /// What becomes of the next dial to an address.
    fn plan(&self, process: u32, address: SocketAddr) -> LinkPlan;

    /// Hands the other end to the listener; `false` if there is none.
    fn accept(&self, address: SocketAddr, dialled: Dialled) -> bool;
}

/// The far end of a stream.
pub(crate) struct Dialled {
    pub(crate) end: End,
    pub(crate) cut: Cut,
    /// How many requests the process promises to have under way on it at most.
    pub(crate) window: usize,
}

/// The network of one process. A process that crashed has none.
pub(crate) struct ProcessNetwork {
    process: u32,
    window: usize,
    router: Arc<dyn Router>,
    severed: AtomicBool,
    streams: Mutex<Vec<Cut>>,
}

impl ProcessNetwork {
    pub(crate) fn new(process: u32, window: usize, router: Arc<dyn Router>) -> Self {
        Self { process, window, router, severed: AtomicBool::new(false), streams: Mutex::default() }
    }

    /// The process is gone: its streams end in this way, and it opens no more.
    pub(crate) fn sever(&self, how: Severed) {
        self.severed.store(true, Ordering::Relaxed);
        for stream in self.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            stream.sever(how);
        }
    }

    async fn dial(&self, address: SocketAddr) -> Result<Box<dyn Io>, Error> {
        let plan = self.router.plan(self.process, address);
        if plan.swallowed || self.severed.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if plan.dial > 0 {
            tokio::time::sleep_until(tokio::time::Instant::now() + Duration::from_millis(plan.dial)).await;
        }
        if plan.refused {
            return Err(ErrorKind::ConnectionRefused.into());
        }
        let (near, end, cut) = pair(plan.up, plan.down);
        if !self.router.accept(address, Dialled { end, cut: cut.clone(), window: self.window }) {
            return Err(ErrorKind::ConnectionRefused.into());
        }
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).push(cut);
        Ok(Box::new(near))
    }
}

impl Network for ProcessNetwork {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> NetworkFuture<'a, Vec<SocketAddr>> {
        let found = self.router.resolve(host, port);
        Box::pin(std::future::ready(Ok(found)))
    }

    fn connect(&self, address: SocketAddr) -> NetworkFuture<'_, Box<dyn Io>> {
        Box::pin(self.dial(address))
    }
}

impl fmt::Debug for ProcessNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessNetwork").field("severed", &self.severed).finish_non_exhaustive()
    }
}
