//! Everything that listens for one conductor: one admin interface or more, and the app interfaces that clients attach.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use holochain_conductor_api::state::{AppInterfaceConfig, AppInterfaceId, ConductorState};
use holochain_conductor_api::{AdminInterfaceConfig, AppInterfaceInfo, InterfaceDriver};
use holochain_types::app::InstalledAppId;
use holochain_types::websocket::AllowedOrigins;

use super::listening::{InterfaceSettings, ListenerHandle, Serve, listen};
use super::own::{asked, chosen, own};
use super::place::Interface;
use crate::error::{ConductorError, InterfaceError, StartError};
use crate::life::Life;
use crate::stores::Apps;

pub(crate) struct Interfaces {
    /// Where app interfaces are recorded.
    stored: Arc<Apps>,
    life: Life,
    servers: Servers,
    settings: InterfaceSettings,
    admins: Mutex<HashMap<u16, ListenerHandle>>,
    apps: Mutex<HashMap<AppInterfaceId, ListenerHandle>>,
    /// App interfaces that were there when the conductor started.
    kept: OnceLock<Vec<AppInterfaceId>>,
}

/// Who serves the clients of an interface.
pub(super) struct Servers {
    /// Administrators, who may request further interfaces.
    pub(super) admin: Box<dyn Fn(Held) -> Arc<Serve> + Send + Sync>,
    /// The clients of apps: of this one only, or of any.
    pub(super) app: Box<dyn Fn(Option<InstalledAppId>) -> Arc<Serve> + Send + Sync>,
}

/// A task's reference to the interfaces: they end with the conductor, not with their clients.
pub(super) type Held = Weak<Interfaces>;

impl Interfaces {
    pub(super) fn new(
        stored: Arc<Apps>,
        life: Life,
        servers: Servers,
        settings: InterfaceSettings,
    ) -> Arc<Self> {
        let (admins, apps, kept) = (Mutex::default(), Mutex::default(), OnceLock::new());
        Arc::new(Self { stored, life, servers, settings, admins, apps, kept })
    }

    /// Listens for administrators; returns the port.
    ///
    /// # Errors
    /// The port is taken, or the address is not an IP address.
    pub(crate) async fn add_admin(self: &Arc<Self>, interface: &Interface) -> io::Result<u16> {
        let serve = (self.servers.admin)(Arc::downgrade(self));
        let handle = listen(interface, &self.settings, &self.life, serve).await?;
        let port = handle.port;
        lock(&self.admins).insert(port, handle);
        Ok(port)
    }

    /// Listens on further ports for administrators.
    ///
    /// # Errors
    /// A port is taken; the interfaces before it are then served.
    pub(crate) async fn add_admins(self: &Arc<Self>, configs: Vec<AdminInterfaceConfig>) -> io::Result<()> {
        for AdminInterfaceConfig { driver } in configs {
            self.add_admin(&Interface::of(driver, None)).await?;
        }
        Ok(())
    }

    /// Attaches an app interface and records it; returns the port.
    ///
    /// # Errors
    /// The port is taken, the address is not an IP address, or the database failed.
    pub(crate) async fn attach_app(&self, interface: Interface) -> Result<u16, ConductorError> {
        let id = AppInterfaceId::new(interface.port);
        let port = self.listen_for_app(&id, &interface).await.map_err(InterfaceError::from)?;
        self.remember(id, port, interface).await?;
        Ok(port)
    }

    /// Attaches an app interface of the program that runs the conductor, for any app and any origin; returns the port. A kept one for
    /// this port stays in use. Otherwise those that the program had before this start are removed: a program that requests another
    /// port each time keeps only one.
    ///
    /// # Errors
    /// As [`attach_app`](Self::attach_app).
    pub(crate) async fn attach_own(&self, port: u16) -> Result<u16, ConductorError> {
        let found = self.for_all(port);
        let (answer, added) = match found {
            Some((id, port)) if asked(&id).is_some() => return Ok(port),
            Some((_, port)) => (port, None),
            None => {
                let (id, interface) = (own(port), Interface::local(port, AllowedOrigins::Any));
                let listens = self.listen_for_app(&id, &interface).await.map_err(InterfaceError::from)?;
                (listens, Some((id, config(listens, interface))))
            }
        };
        let gone: Vec<_> = self.kept().filter(|id| asked(id).is_some()).cloned().collect();
        let replace = |state: &mut ConductorState| {
            state.app_interfaces.retain(|id, _| !gone.contains(id));
            state.app_interfaces.extend(added);
            Ok(())
        };
        self.stored.update(replace).await?;
        lock(&self.apps).retain(|id, _| !gone.contains(id));
        Ok(answer)
    }

    /// An app interface that was requested at this port, listens there, and admits the clients of any app, from any origin; and its
    /// port. At 0 it is a kept one: of the program that runs the conductor, or at a free port.
    fn for_all(&self, port: u16) -> Option<(AppInterfaceId, u16)> {
        let state = self.stored.state();
        let of = |id: &AppInterfaceId| {
            let AppInterfaceConfig { installed_app_id, driver, .. } = state.app_interfaces.get(id)?;
            let InterfaceDriver::Websocket { port, allowed_origins, .. } = driver;
            let for_all = installed_app_id.is_none() && *allowed_origins == AllowedOrigins::Any;
            for_all.then(|| (id.clone(), *port))
        };
        if port == 0 {
            let mut of_program = self.kept().filter(|id| asked(id).is_some());
            let mut free = self.kept().filter(|id| chosen(id) == 0);
            return of_program.find_map(of).or_else(|| free.find_map(of));
        }
        let mut at = state.app_interfaces.keys().filter(|id| chosen(id) == port).filter_map(of);
        at.find(|(_, listens)| *listens == port)
    }

    fn kept(&self) -> impl Iterator<Item = &AppInterfaceId> {
        self.kept.get().into_iter().flatten()
    }

    /// Attaches again what was attached before. If its port is taken, an interface gets a free one until the next start.
    ///
    /// # Errors
    /// There is no port at its address, or the database failed.
    pub(crate) async fn restore(&self) -> Result<(), StartError> {
        let kept = self.stored.state().app_interfaces.clone();
        let _ = self.kept.set(kept.keys().cloned().collect());
        for (id, config) in kept {
            // A free port differs after a restart; a chosen one is the same again.
            let port = chosen(&id);
            let interface = Interface { port, ..Interface::of(config.driver, config.installed_app_id) };
            let handle = match self.listen_for_app(&id, &interface).await {
                Err(source) if port != 0 => {
                    tracing::warn!(%source, port, "an app interface cannot listen on its port: it gets a free one");
                    let elsewhere = Interface { port: 0, ..interface.clone() };
                    self.listen_for_app(&id, &elsewhere).await.map_err(|_| source)
                }
                handle => handle,
            };
            let listens = handle.map_err(|source| StartError::AppPort { port, source })?;
            let remembered = self.remember(id, listens, interface).await;
            remembered.map_err(|error| StartError::Database { source: error.into() })?;
        }
        Ok(())
    }

    /// The app interfaces that do not listen on the port chosen for them: that port, and the one where they do.
    pub(crate) fn moved(&self) -> Vec<(u16, u16)> {
        let apps = lock(&self.apps);
        let mut moved: Vec<_> = apps.iter().map(|(id, handle)| (chosen(id), handle.port)).collect();
        moved.retain(|(chosen, listens)| *chosen != 0 && chosen != listens);
        moved.sort_unstable();
        moved
    }

    async fn listen_for_app(&self, id: &AppInterfaceId, interface: &Interface) -> io::Result<u16> {
        let serve = (self.servers.app)(interface.app.clone());
        let handle = listen(interface, &self.settings, &self.life, serve).await?;
        let port = handle.port;
        lock(&self.apps).insert(id.clone(), handle);
        Ok(port)
    }

    /// Records where an interface listens: until it listens again after a restart, the list still says so.
    async fn remember(
        &self,
        id: AppInterfaceId,
        port: u16,
        interface: Interface,
    ) -> Result<(), ConductorError> {
        let config = config(port, interface);
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

    /// The app interfaces of the conductor. While it starts, each is listed with its earlier port, until it listens again.
    pub(crate) fn app_interfaces(&self) -> Vec<AppInterfaceInfo> {
        let info = |config: &AppInterfaceConfig| {
            let InterfaceDriver::Websocket { port, allowed_origins, .. } = config.driver.clone();
            AppInterfaceInfo { port, allowed_origins, installed_app_id: config.installed_app_id.clone() }
        };
        self.stored.state().app_interfaces.values().map(info).collect()
    }
}

/// As it is recorded.
fn config(port: u16, interface: Interface) -> AppInterfaceConfig {
    let Interface { address, allowed_origins, app, .. } = interface;
    AppInterfaceConfig::websocket(port, address, allowed_origins, app)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
