//! All that listen for one conductor: one admin interface or more, and the app interfaces that clients attach.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use holochain_conductor_api::state::{AppInterfaceConfig, AppInterfaceId};
use holochain_conductor_api::{AdminInterfaceConfig, AppInterfaceInfo, InterfaceDriver};
use holochain_types::app::InstalledAppId;
use holochain_types::websocket::AllowedOrigins;

use super::listening::{Listening, Serve, Terms, listen};
use super::place::Interface;
use crate::error::{ConductorError, InterfaceError, StartError};
use crate::life::Life;
use crate::stores::Apps;

pub(crate) struct Interfaces {
    /// Where app interfaces are written down.
    stored: Arc<Apps>,
    life: Life,
    servers: Servers,
    terms: Terms,
    admins: Mutex<HashMap<u16, Listening>>,
    apps: Mutex<HashMap<AppInterfaceId, Listening>>,
    /// App interfaces that were there when the conductor started.
    kept: OnceLock<Vec<AppInterfaceId>>,
}

/// Who serves the clients of an interface.
pub(super) struct Servers {
    /// Administrators, who may ask for further interfaces.
    pub(super) admin: Box<dyn Fn(Held) -> Arc<Serve> + Send + Sync>,
    /// The clients of apps: of this one only, or of any.
    pub(super) app: Box<dyn Fn(Option<InstalledAppId>) -> Arc<Serve> + Send + Sync>,
}

/// What a task holds of the interfaces: they end with the conductor, not with their clients.
pub(super) type Held = Weak<Interfaces>;

impl Interfaces {
    pub(super) fn new(stored: Arc<Apps>, life: Life, servers: Servers, terms: Terms) -> Arc<Self> {
        let (admins, apps, kept) = (Mutex::default(), Mutex::default(), OnceLock::new());
        Arc::new(Self { stored, life, servers, terms, admins, apps, kept })
    }

    /// Listens for administrators; answers the port.
    ///
    /// # Errors
    /// The port is taken, or the address is not an IP address.
    pub(crate) async fn add_admin(self: &Arc<Self>, interface: &Interface) -> io::Result<u16> {
        let serve = (self.servers.admin)(Arc::downgrade(self));
        let listening = listen(interface, &self.terms, &self.life, serve).await?;
        let port = listening.port;
        lock(&self.admins).insert(port, listening);
        Ok(port)
    }

    /// Listens on further ports for administrators.
    ///
    /// # Errors
    /// A port is taken; those before it are then served.
    pub(crate) async fn add_admins(self: &Arc<Self>, configs: Vec<AdminInterfaceConfig>) -> io::Result<()> {
        for AdminInterfaceConfig { driver } in configs {
            self.add_admin(&Interface::of(driver, None)).await?;
        }
        Ok(())
    }

    /// Attaches an app interface and remembers it; answers the port.
    ///
    /// # Errors
    /// The port is taken, the address is not an IP address, or the database failed.
    pub(crate) async fn attach_app(&self, interface: Interface) -> Result<u16, ConductorError> {
        let id = AppInterfaceId::new(interface.port);
        let port = self.listen_for_app(&id, &interface).await.map_err(InterfaceError::from)?;
        self.remember(id, port, interface).await?;
        Ok(port)
    }

    /// The port of an app interface that is attached at this one and lets in the clients of any app, from any origin. At 0 is one that
    /// was attached at a free port and kept.
    pub(crate) fn for_all(&self, port: u16) -> Option<u16> {
        let state = self.stored.state();
        let of = |id: &AppInterfaceId| {
            let AppInterfaceConfig { installed_app_id, driver, .. } = state.app_interfaces.get(id)?;
            let InterfaceDriver::Websocket { port, allowed_origins, .. } = driver;
            (installed_app_id.is_none() && *allowed_origins == AllowedOrigins::Any).then_some(*port)
        };
        if port == 0 {
            let mut free = self.kept.get().into_iter().flatten().filter(|id| id.port() == 0);
            return free.find_map(of);
        }
        of(&AppInterfaceId::new(port))
    }

    /// Attaches again what was attached before.
    ///
    /// # Errors
    /// A port is taken, or the database failed.
    pub(crate) async fn restore(&self) -> Result<(), StartError> {
        let kept = self.stored.state().app_interfaces.clone();
        let _ = self.kept.set(kept.keys().cloned().collect());
        for (id, config) in kept {
            // A free port is another one after a restart; a chosen one is found again.
            let port = id.port();
            let interface = Interface { port, ..Interface::of(config.driver, config.installed_app_id) };
            let listening = self.listen_for_app(&id, &interface).await;
            let listens = listening.map_err(|source| StartError::Port { port, source })?;
            let remembered = self.remember(id, listens, interface).await;
            remembered.map_err(|error| StartError::Database { source: error.into() })?;
        }
        Ok(())
    }

    async fn listen_for_app(&self, id: &AppInterfaceId, interface: &Interface) -> io::Result<u16> {
        let serve = (self.servers.app)(interface.app.clone());
        let listening = listen(interface, &self.terms, &self.life, serve).await?;
        let port = listening.port;
        lock(&self.apps).insert(id.clone(), listening);
        Ok(port)
    }

    /// Writes down where an interface listens: until it listens again after a restart, the list says so still.
    async fn remember(
        &self,
        id: AppInterfaceId,
        port: u16,
        interface: Interface,
    ) -> Result<(), ConductorError> {
        let Interface { address, allowed_origins, app, .. } = interface;
        let config = AppInterfaceConfig::websocket(port, address, allowed_origins, app);
        self.stored.update(|state| Ok(state.app_interfaces.insert(id, config))).await?;
        Ok(())
    }

    pub(crate) fn admin_ports(&self) -> Vec<u16> {
        lock(&self.admins).keys().copied().collect()
    }

    /// Stops listening on an admin port, and closes its connections.
    pub(crate) fn remove_admin(&self, port: u16) {
        lock(&self.admins).remove(&port);
    }

    /// The app interfaces of the conductor. While it starts, each stands there with its port of before, until it listens again.
    pub(crate) fn app_interfaces(&self) -> Vec<AppInterfaceInfo> {
        let info = |config: &AppInterfaceConfig| {
            let InterfaceDriver::Websocket { port, allowed_origins, .. } = config.driver.clone();
            AppInterfaceInfo { port, allowed_origins, installed_app_id: config.installed_app_id.clone() }
        };
        self.stored.state().app_interfaces.values().map(info).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
