//! Listening: one admin interface or more, and the app interfaces that clients attach.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures_util::stream::{self, Stream, StreamExt as _};
use holochain_conductor_api::state::{AppInterfaceConfig, AppInterfaceId};
use holochain_conductor_api::{AdminInterfaceConfig, AppInterfaceInfo, InterfaceDriver};
use holochain_types::app::InstalledAppId;
use holochain_types::websocket::AllowedOrigins;
use holochain_websocket::{
    WebsocketConfig, WebsocketListener, WebsocketReceiver, WebsocketResult, WebsocketSender,
};
use tokio_util::sync::CancellationToken;

use super::{admin, app};
use crate::conductor::Conductor;
use crate::error::ConductorError;

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

/// All that listen for one conductor.
pub(crate) struct Interfaces {
    conductor: Arc<Conductor>,
    admin: Mutex<HashMap<u16, Listening>>,
    apps: Mutex<HashMap<u16, Listening>>,
    connections: Arc<AtomicUsize>,
}

struct Listening {
    stop: CancellationToken,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Interfaces {
    pub(crate) fn new(conductor: Arc<Conductor>) -> Arc<Self> {
        Arc::new(Self {
            conductor,
            admin: Mutex::default(),
            apps: Mutex::default(),
            connections: Arc::default(),
        })
    }

    pub(crate) fn conductor(&self) -> &Arc<Conductor> {
        &self.conductor
    }

    /// Listens for administrators; answers the port.
    ///
    /// # Errors
    /// The port is taken, or the address is none.
    pub(crate) async fn add_admin(self: &Arc<Self>, interface: &Interface) -> io::Result<u16> {
        let listener = bind(interface).await?;
        let port = port_of(&listener)?;
        let stop = self.conductor.closing().child_token();
        lock(&self.admin).insert(port, Listening { stop: stop.clone() });
        let (interfaces, connections) = (Arc::downgrade(self), Arc::clone(&self.connections));
        self.conductor.tasks().spawn(async move {
            let mut accepted = pin!(accept(&listener));
            while let Some(Some(accepted)) = stop.run_until_cancelled(accepted.next()).await {
                let (sender, receiver) = match accepted {
                    Ok(connection) => connection,
                    Err(error) => {
                        tracing::warn!(%error, "a client could not connect to the admin interface");
                        continue;
                    }
                };
                let Some(interfaces) = interfaces.upgrade() else { return };
                if connections.fetch_add(1, Ordering::Relaxed) >= MAX_CONNECTIONS {
                    connections.fetch_sub(1, Ordering::Relaxed);
                    tracing::warn!("more than {MAX_CONNECTIONS} connections to the admin interface");
                    continue;
                }
                let (connections, conductor) = (Arc::clone(&connections), Arc::clone(&interfaces.conductor));
                let serve = admin::serve(Arc::downgrade(&interfaces), sender, receiver, stop.clone());
                drop(interfaces);
                conductor.tasks().spawn(async move {
                    serve.await;
                    connections.fetch_sub(1, Ordering::Relaxed);
                });
            }
        });
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
        let port = self.listen_for_app(&interface).await?;
        let Interface { address, allowed_origins, app, port: wanted } = interface;
        let config = AppInterfaceConfig::websocket(wanted, address, allowed_origins, app);
        // A free port is another one after a restart; a chosen one is found again.
        self.conductor.update_state(|state| Ok(state.app_interfaces.insert(id, config))).await?;
        Ok(port)
    }

    /// Attaches again what was attached before.
    ///
    /// # Errors
    /// A port is taken.
    pub(crate) async fn restore(self: &Arc<Self>) -> io::Result<()> {
        for config in self.conductor.state().app_interfaces.values().cloned() {
            self.listen_for_app(&interface_of(config.driver, config.installed_app_id)).await?;
        }
        Ok(())
    }

    async fn listen_for_app(self: &Arc<Self>, interface: &Interface) -> io::Result<u16> {
        let listener = bind(interface).await?;
        let port = port_of(&listener)?;
        let stop = self.conductor.closing().child_token();
        lock(&self.apps).insert(port, Listening { stop: stop.clone() });
        let (conductor, only) = (Arc::downgrade(&self.conductor), interface.app.clone());
        self.conductor.tasks().spawn(async move {
            let mut accepted = pin!(accept(&listener));
            while let Some(Some(accepted)) = stop.run_until_cancelled(accepted.next()).await {
                match (accepted, conductor.upgrade()) {
                    (Ok((sender, receiver)), Some(conductor)) => {
                        let serve = app::serve(
                            Arc::downgrade(&conductor),
                            only.clone(),
                            sender,
                            receiver,
                            stop.clone(),
                        );
                        conductor.tasks().spawn(serve);
                    }
                    (Err(error), Some(_)) => {
                        tracing::warn!(%error, "a client could not connect to an app interface")
                    }
                    (_, None) => return,
                }
            }
        });
        Ok(port)
    }

    pub(crate) fn admin_ports(&self) -> Vec<u16> {
        lock(&self.admin).keys().copied().collect()
    }

    /// Stops listening on an admin port, and closes its connections.
    pub(crate) fn remove_admin(&self, port: u16) {
        lock(&self.admin).remove(&port);
    }

    /// The app interfaces that listen.
    pub(crate) fn app_interfaces(&self) -> Vec<AppInterfaceInfo> {
        let state = self.conductor.state();
        let mut open: Vec<u16> = lock(&self.apps).keys().copied().collect();
        open.sort_unstable();
        let mut infos = Vec::new();
        for (id, config) in &state.app_interfaces {
            let InterfaceDriver::Websocket { port, allowed_origins, .. } = &config.driver;
            // One that chose its port listens there; the others listen on what is left.
            let chosen = open.iter().position(|open| open == port && id.port() != 0);
            let at = chosen.or_else(|| {
                open.iter().position(|open| !state.app_interfaces.keys().any(|id| id.port() == *open))
            });
            if let Some(port) = at.map(|at| open.remove(at)) {
                let (allowed_origins, installed_app_id) =
                    (allowed_origins.clone(), config.installed_app_id.clone());
                infos.push(AppInterfaceInfo { port, allowed_origins, installed_app_id });
            }
        }
        infos
    }
}

/// Clients as they come. Several shake hands at a time, so that one who is slow at it keeps nobody out.
fn accept(
    listener: &WebsocketListener,
) -> impl Stream<Item = WebsocketResult<(WebsocketSender, WebsocketReceiver)>> {
    stream::repeat_with(|| listener.accept()).buffer_unordered(HANDSHAKES)
}

fn interface_of(driver: InterfaceDriver, app: Option<InstalledAppId>) -> Interface {
    let InterfaceDriver::Websocket { port, danger_bind_addr: address, allowed_origins } = driver;
    Interface { port, address, allowed_origins, app }
}

async fn bind(interface: &Interface) -> io::Result<WebsocketListener> {
    let mut config = WebsocketConfig::LISTENER_DEFAULT;
    config.allowed_origins = Some(interface.allowed_origins.clone());
    let address =
        interface.address.as_deref().map(str::parse::<IpAddr>).transpose().map_err(io::Error::other)?;
    let (v4, v6) = match address {
        None => (Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST),
        Some(IpAddr::V4(v4)) if v4.is_loopback() => (v4, Ipv6Addr::LOCALHOST),
        Some(IpAddr::V4(v4)) if v4.is_unspecified() => (v4, Ipv6Addr::UNSPECIFIED),
        Some(IpAddr::V4(v4)) => (v4, v4.to_ipv6_mapped()),
        Some(IpAddr::V6(v6)) if v6.is_unspecified() => (Ipv4Addr::UNSPECIFIED, v6),
        Some(IpAddr::V6(v6)) => (v6.to_ipv4().unwrap_or(Ipv4Addr::LOCALHOST), v6),
    };
    let (v4, v6) = (SocketAddrV4::new(v4, interface.port), SocketAddrV6::new(v6, interface.port, 0, 0));
    WebsocketListener::dual_bind(Arc::new(config), v4, v6).await
}

fn port_of(listener: &WebsocketListener) -> io::Result<u16> {
    let address = listener.local_addrs()?.first().copied();
    address.map(|address| address.port()).ok_or_else(|| io::Error::other("it listens nowhere"))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a task holds of the interfaces: they end with the conductor, not with their clients.
pub(super) type Held = Weak<Interfaces>;

/// Clients of an interface that have connected and not yet shaken hands; more than that wait.
const HANDSHAKES: usize = 64;

/// Connections to the admin interfaces.
const MAX_CONNECTIONS: usize = 400;
