//! Where an interface listens, and who may connect.

use holochain_conductor_api::InterfaceDriver;
use holochain_types::app::InstalledAppId;
use holochain_types::websocket::AllowedOrigins;

/// Where an interface listens and who may connect.
#[derive(Debug, Clone)]
pub(crate) struct Interface {
    /// 0 for a free port.
    pub(crate) port: u16,
    /// `None` for the loopback addresses.
    pub(crate) address: Option<String>,
    pub(crate) allowed_origins: AllowedOrigins,
    /// The only app whose tokens are valid here.
    pub(crate) app: Option<InstalledAppId>,
}

impl Interface {
    /// On the loopback addresses, for any app.
    pub(crate) fn local(port: u16, allowed_origins: AllowedOrigins) -> Self {
        Self { port, address: None, allowed_origins, app: None }
    }

    /// From the configuration of a conductor's interface.
    pub(super) fn of(driver: InterfaceDriver, app: Option<InstalledAppId>) -> Self {
        let InterfaceDriver::Websocket { port, danger_bind_addr: address, allowed_origins } = driver;
        Self { port, address, allowed_origins, app }
    }
}
