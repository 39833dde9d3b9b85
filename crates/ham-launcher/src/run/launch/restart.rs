//! Starts a conductor again: where it was, moved, with another release, without its data.

use std::sync::Arc;

use tokio::net::TcpSocket;

use super::Conductor;
use crate::error::LaunchError;
use crate::find::install::Install;
use crate::run::start::start;
use crate::run::temporary::temporary;

impl Conductor {
    /// Stops it, if it is running, and starts it again with the same data on the same admin port. App interfaces attached with port 0
    /// still get another port; that is how the conductor works.
    ///
    /// # Errors
    /// [`LaunchError`]; [`LaunchError::AddressInUse`] if something else took the port in the meantime.
    ///
    /// # Cancel safety
    /// Cancel safe: it has stopped or is starting; calling this again starts it.
    pub async fn restart(&mut self) -> Result<(), LaunchError> {
        self.stop().await?;
        self.boot(self.admin_port).await
    }

    /// Stops it, if it is running, and starts it again with the same data on another admin port, as after a move. The old port
    /// refuses connections when this resolves.
    ///
    /// # Errors
    /// [`LaunchError`], as for a start.
    ///
    /// # Cancel safety
    /// Cancel safe: it has stopped or is starting; calling this again starts it.
    pub async fn restart_on_new_ports(&mut self) -> Result<(), LaunchError> {
        self.stop().await?;
        // Bound but not listening: the system cannot hand out the old port again, and clients are refused meanwhile.
        let placeholder = TcpSocket::new_v4().map_err(LaunchError::Process)?;
        // If someone else holds it, it is not handed out either.
        let _ = placeholder.bind(self.admin_address());
        self.boot(0).await
    }

    /// Stops it, if it is running, and starts this binary with the same data on the same admin port, as after an upgrade. The
    /// configuration is rewritten for the release. Whether a release can read another's data is up to that release: 0.7.1 reads
    /// 0.7.0's, and none reads 0.6's.
    ///
    /// # Errors
    /// [`LaunchError`], as for a [`restart`](Self::restart). It has then stopped, and [`restart`](Self::restart) starts this binary.
    ///
    /// # Cancel safety
    /// As after an error.
    pub async fn replace(&mut self, install: Install) -> Result<(), LaunchError> {
        self.stop().await?;
        self.install = install;
        self.boot(self.admin_port).await
    }

    /// [`replace`](Self::replace) with new, empty, temporary data: no app, and no keys. The old data is removed if it was temporary.
    ///
    /// # Errors
    /// As [`replace`](Self::replace).
    ///
    /// # Cancel safety
    /// As after an error.
    pub async fn replace_without_data(&mut self, install: Install) -> Result<(), LaunchError> {
        self.stop().await?;
        (self.install, self.data) = (install, Arc::new(temporary()?));
        self.boot(self.admin_port).await
    }

    async fn boot(&mut self, admin_port: u16) -> Result<(), LaunchError> {
        let booted = start(&self.builder, &self.install, &self.data, &self.logs, admin_port).await?;
        (self.process, self.admin_port) = booted;
        Ok(())
    }
}
