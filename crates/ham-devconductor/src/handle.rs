//! The conductor, as a program or a test holds it.

mod code;
mod install;
mod observer;
mod steering;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use holochain_types::prelude::{CellId, ZomeInfo};

use self::install::Known;
use crate::conductor::Conductor;
use crate::config::{Config, DataDirectory};
use crate::error::{AttachError, InstallError, StartError};
use crate::interface::{Interface, Interfaces, interfaces};

pub use observer::{Observer, ViewError, ZomeView};
pub use steering::Snapshot;

/// A running conductor with its interfaces. Dropping it ends them; [`shut_down`](Self::shut_down) also waits for whatever is running.
pub struct DevConductor {
    conductor: Arc<Conductor>,
    interfaces: Arc<Interfaces>,
    admin_port: u16,
}

impl std::fmt::Debug for DevConductor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DevConductor").field("admin_port", &self.admin_port).finish_non_exhaustive()
    }
}

impl DevConductor {
    /// A temporary one on a free port.
    ///
    /// # Errors
    /// As [`start_with`](Self::start_with).
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing running.
    pub async fn start() -> Result<Self, StartError> {
        Self::start_with(Config::default()).await
    }

    /// Opens its data, starts the apps that were enabled, and listens.
    ///
    /// # Errors
    /// Variant by variant in [`StartError`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing running; a kept directory can be opened again.
    pub async fn start_with(config: Config) -> Result<Self, StartError> {
        let interface = Interface::local(config.admin_port, config.allowed_origins.clone());
        let conductor = Conductor::start(config).await?;
        let interfaces = interfaces(&conductor);
        let taken = |port| move |source| StartError::Port { port, source };
        let admin_port = interfaces.add_admin(&interface).await.map_err(taken(interface.port))?;
        interfaces.restore().await?;
        Ok(Self { conductor, interfaces, admin_port })
    }

    /// The port of the admin interface, on the loopback addresses.
    #[must_use]
    pub fn admin_port(&self) -> u16 {
        self.admin_port
    }

    /// Where administrators connect.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.admin_port).into()
    }

    /// Installs and enables the app in a bundle file's bytes, unless an app with this id is installed; a disabled one is enabled. The
    /// id defaults to the one in the bundle's manifest. Returns the id.
    ///
    /// # Errors
    /// Variant by variant in [`InstallError`].
    ///
    /// # Cancel safety
    /// Dropping the future stops nothing: it is installed and enabled all the same.
    pub async fn install(&self, bundle: Vec<u8>, id: Option<String>) -> Result<String, InstallError> {
        install::install(&self.conductor, bundle, id, Known::Enabled, ()).await
    }

    /// Attaches an app interface for any app; returns its port. 0 means a free one. If the data directory already has such an
    /// interface for this port, that one is used; for 0 that is any that was attached this way before the conductor started, or that
    /// got a free port then. A new one replaces those that were attached this way before the conductor started.
    ///
    /// # Errors
    /// Variant by variant in [`AttachError`].
    ///
    /// # Cancel safety
    /// Dropping the future may leave it attached.
    pub async fn attach_app_interface(&self, port: u16) -> Result<u16, AttachError> {
        self.interfaces.attach_own(port).await.map_err(|error| AttachError::of(port, error))
    }

    /// The kept app interfaces that could not get their port back when the conductor started, because another program has it: that
    /// port, and the free one on which each listens until the next start.
    #[must_use]
    pub fn moved_app_interfaces(&self) -> Vec<(u16, u16)> {
        self.interfaces.moved()
    }

    /// Moves the admin interface to a free port and closes its connections; returns the port.
    ///
    /// # Errors
    /// There is no free port.
    ///
    /// # Cancel safety
    /// Dropping the future may leave both ports open.
    pub async fn move_port(&mut self) -> std::io::Result<u16> {
        let interface = Interface::local(0, self.conductor.config().allowed_origins.clone());
        let port = self.interfaces.add_admin(&interface).await?;
        self.interfaces.remove_admin(self.admin_port);
        self.admin_port = port;
        Ok(port)
    }

    /// An observer, which sees and calls the conductor from this process for as long as it runs.
    #[must_use]
    pub fn observer(&self) -> Observer {
        Observer::of(&self.conductor)
    }

    /// Ends it as a crash would, at once for its clients: connections are cut, and what is under way is not answered. Functions that
    /// are still running continue to their end, and may write. When the last of them has ended, the data can be opened again.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it killed if it was polled once, otherwise ending as when this is dropped.
    pub async fn kill(self) {
        self.conductor.kill().await;
    }

    /// Ends it and starts it again on the same port with the same data. A temporary one starts empty.
    ///
    /// # Errors
    /// As [`start_with`](Self::start_with).
    ///
    /// # Cancel safety
    /// Dropping the future leaves it ended.
    pub async fn restart(self) -> Result<Self, StartError> {
        let mut config = self.conductor.config().clone();
        config.admin_port = self.admin_port;
        self.shut_down().await;
        Self::start_with(config).await
    }

    /// Accepts no more requests, waits until whatever is running has ended, and closes its data.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it ending.
    pub async fn shut_down(self) {
        self.conductor.shut_down().await;
    }

    /// What the zomes of a cell say about themselves: names, functions, entry types and link types. Empty if the cell does not run.
    #[must_use]
    pub fn zome_infos(&self, cell: &CellId) -> Vec<ZomeInfo> {
        self.conductor.zome_infos(cell)
    }

    /// Whether its data ends with it.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.conductor.config().data == DataDirectory::Temporary
    }
}

impl Drop for DevConductor {
    fn drop(&mut self) {
        self.conductor.life().closing().cancel();
    }
}
