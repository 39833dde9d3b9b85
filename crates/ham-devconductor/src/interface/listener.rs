//! Listening: one admin interface or more, and the app interfaces that clients attach.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures_util::future::BoxFuture;
use holochain_conductor_api::state::{AppInterfaceConfig, AppInterfaceId};
use holochain_conductor_api::{AdminInterfaceConfig, AppInterfaceInfo, InterfaceDriver};
use holochain_types::app::InstalledAppId;
use holochain_types::websocket::AllowedOrigins;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_tungstenite::WebSocketStream;
use tokio_util::sync::CancellationToken;

use super::transport::{Listener, handshake};
use super::{admin, app};
use crate::conductor::Conductor;
use crate::error::{ConductorError, StartError};

/// Where an interface listens and who may connect.
#[derive(Debug, Clone)]
pub(crate) struct Interface {
    /// 0 for a free one.
    pub(crate) port: u16,
    /// The loopback addresses where there is none.
    pub(crate) address: Option<String>,
    pub(crate) allowed_origins: AllowedOrigins,
    /// The only app whose tokens are good here.
    pub(crate) app: Option<InstalledAppId>,
}

impl Interface {
    /// At the loopback addresses, for any app.
    pub(crate) fn local(port: u16, allowed_origins: AllowedOrigins) -> Self {
        Self { port, address: None, allowed_origins, app: None }
    }
}

/// All that listen for one conductor.
pub(crate) struct Interfaces {
    conductor: Arc<Conductor>,
    admin: Mutex<HashMap<u16, Listening>>,
    apps: Mutex<HashMap<AppInterfaceId, Listening>>,
}

/// Listens while it is here, and serves who has connected.
struct Listening {
    port: u16,
    stop: CancellationToken,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Interfaces {
    pub(crate) fn new(conductor: Arc<Conductor>) -> Arc<Self> {
        Arc::new(Self { conductor, admin: Mutex::default(), apps: Mutex::default() })
    }

    pub(crate) fn conductor(&self) -> &Arc<Conductor> {
        &self.conductor
    }

    /// Listens for administrators; answers the port.
    ///
    /// # Errors
    /// The port is taken, or the address is none.
    pub(crate) async fn add_admin(self: &Arc<Self>, interface: &Interface) -> io::Result<u16> {
        let interfaces = Arc::downgrade(self);
        let listening = self
            .listen(interface, move |socket, stop| admin::serve(interfaces.clone(), socket, stop))
            .await?;
        let port = listening.port;
        lock(&self.admin).insert(port, listening);
        Ok(port)
    }

    /// Listens on further ports for administrators.
    ///
    /// # Errors
    /// A port is taken; those before it are then served.
    pub(crate) async fn add_admins(self: &Arc<Self>, configs: Vec<AdminInterfaceConfig>) -> io::Result<()> {
        for AdminInterfaceConfig { driver } in configs {
            self.add_admin(&interface_of(driver, None)).await?;
        }
        Ok(())
    }

    /// Attaches an app interface and remembers it; answers the port.
    ///
    /// # Errors
    /// The port is taken, the address is none, or the database failed.
    pub(crate) async fn attach_app(self: &Arc<Self>, interface: Interface) -> Result<u16, ConductorError> {
        let id = AppInterfaceId::new(interface.port);
        let port = self.listen_for_app(&id, &interface).await.map_err(crate::error::InterfaceError::from)?;
        self.remember(id, port, interface).await?;
        Ok(port)
    }

    /// Attaches again what was attached before.
    ///
    /// # Errors
    /// A port is taken, or the database failed.
    pub(crate) async fn restore(self: &Arc<Self>) -> Result<(), StartError> {
        for (id, config) in self.conductor.state().app_interfaces.clone() {
            // A free port is another one after a restart; a chosen one is found again.
            let port = id.port();
            let interface = Interface { port, ..interface_of(config.driver, config.installed_app_id) };
            let listening = self.listen_for_app(&id, &interface).await;
            let listens = listening.map_err(|source| StartError::Port { port, source })?;
            let remembered = self.remember(id, listens, interface).await;
            remembered.map_err(|error| StartError::Database(error.to_string()))?;
        }
        Ok(())
    }

    async fn listen_for_app(self: &Arc<Self>, id: &AppInterfaceId, interface: &Interface) -> io::Result<u16> {
        let (conductor, only) = (Arc::downgrade(&self.conductor), interface.app.clone());
        let serve = move |socket, stop| app::serve(conductor.clone(), only.clone(), socket, stop);
        let listening = self.listen(interface, serve).await?;
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
        self.conductor.update_state(|state| Ok(state.app_interfaces.insert(id, config))).await?;
        Ok(())
    }

    /// Serves each client in a task of its own, [`MAX_CONNECTIONS`] at a time.
    async fn listen(
        &self,
        interface: &Interface,
        serve: impl Fn(WebSocketStream<TcpStream>, CancellationToken) -> BoxFuture<'static, ()>
        + Send
        + Sync
        + 'static,
    ) -> io::Result<Listening> {
        let listener = Listener::bind(interface.port, interface.address.as_deref()).await?;
        let listening = Listening { port: listener.port(), stop: self.conductor.closing().child_token() };
        let (stop, killed) = (listening.stop.clone(), self.conductor.killed().clone());
        let tasks = self.conductor.tasks().clone();
        let (origins, serve) = (Arc::new(interface.allowed_origins.clone()), Arc::new(serve));
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        self.conductor.tasks().spawn(async move {
            while let Some(stream) = stop.run_until_cancelled(listener.accept()).await {
                let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                    tracing::warn!("more than {MAX_CONNECTIONS} connections to one interface");
                    continue;
                };
                let (origins, serve) = (Arc::clone(&origins), Arc::clone(&serve));
                let (stop, killed) = (stop.clone(), killed.clone());
                let serving = async move {
                    let shaken = stop.run_until_cancelled(handshake(stream, &origins)).await.flatten();
                    if let Some(socket) = shaken {
                        serve(socket, stop).await;
                    }
                    drop(place);
                };
                tasks.spawn(async move {
                    tokio::select! {
                        // First, so that nothing is written after it.
                        biased;
                        () = killed.cancelled() => {}
                        () = serving => {}
                    }
                });
            }
        });
        Ok(listening)
    }

    pub(crate) fn admin_ports(&self) -> Vec<u16> {
        lock(&self.admin).keys().copied().collect()
    }

    /// Stops listening on an admin port, and closes its connections.
    pub(crate) fn remove_admin(&self, port: u16) {
        lock(&self.admin).remove(&port);
    }

    /// The app interfaces of the conductor. While it starts, each stands there with its port of before, until it listens again.
    pub(crate) fn app_interfaces(&self) -> Vec<AppInterfaceInfo> {
        let info = |config: &AppInterfaceConfig| {
            let InterfaceDriver::Websocket { port, allowed_origins, .. } = config.driver.clone();
            AppInterfaceInfo { port, allowed_origins, installed_app_id: config.installed_app_id.clone() }
        };
        self.conductor.state().app_interfaces.values().map(info).collect()
    }
}

fn interface_of(driver: InterfaceDriver, app: Option<InstalledAppId>) -> Interface {
    let InterfaceDriver::Websocket { port, danger_bind_addr: address, allowed_origins } = driver;
    Interface { port, address, allowed_origins, app }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a task holds of the interfaces: they end with the conductor, not with their clients.
pub(super) type Held = Weak<Interfaces>;

/// Connections to one interface at a time, those that shake hands included.
const MAX_CONNECTIONS: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    async fn start(directory: &tempfile::TempDir) -> Arc<Interfaces> {
        Interfaces::new(
            Conductor::start(Config::default().with_data(directory.path())).await.expect("it starts"),
        )
    }

    /// A client that finds none listed attaches one more, for good: four in a thousand kills.
    #[tokio::test(flavor = "multi_thread")]
    async fn interfaces_are_listed_before_they_listen_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let before = start(&directory).await;
        before.attach_app(Interface::local(0, AllowedOrigins::Any)).await.expect("an interface");
        let listed = format!("{:?}", before.app_interfaces());
        before.conductor().shut_down().await;
        drop(before);

        let after = start(&directory).await;
        assert_eq!(format!("{:?}", after.app_interfaces()), listed, "as it was, port and all");
        after.restore().await.expect("it listens");
        assert_eq!(after.app_interfaces().len(), 1);
        after.conductor().shut_down().await;
    }
}
