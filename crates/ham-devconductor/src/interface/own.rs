//! The app interfaces of the program that runs the conductor, separate from those of its clients: a new one replaces the earlier ones.

use holochain_conductor_api::state::AppInterfaceId;

/// One that is to listen on this port; 0 for a free one.
pub(super) fn own(port: u16) -> AppInterfaceId {
    let unique = AppInterfaceId::new(0);
    // The database keeps a name beside port 0 only, so the port is in the name.
    let name = format!("{MARK}{port}:{}", unique.id().as_deref().unwrap_or_default());
    AppInterfaceId::from_parts(0, Some(name))
}

/// The requested port, if it is such an interface.
pub(super) fn asked(id: &AppInterfaceId) -> Option<u16> {
    let (port, _) = id.id().as_deref()?.strip_prefix(MARK)?.split_once(':')?;
    port.parse().ok()
}

/// Where an interface is to listen, whoever owns it; 0 for a free port.
pub(super) fn chosen(id: &AppInterfaceId) -> u16 {
    asked(id).unwrap_or_else(|| id.port())
}

/// Not part of any name that a conductor gives.
const MARK: &str = "ham-dev:";
