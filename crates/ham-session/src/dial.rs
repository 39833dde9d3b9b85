//! Turns a target into a live link.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls_pki_types::ServerName;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use url::Host;

use crate::budget::Budget;
use crate::clock::after;
use crate::config::SessionConfig;
use crate::error::{DialError, DialPhase};
use crate::inbox::Inbox;
use crate::link::Link;
use crate::live::go_live;
use crate::network::{Io, Network};
use crate::protocol::Protocol;
use crate::target::Target;
use crate::tls::{TlsConfig, TlsError};
use crate::transport::Transport;

/// Dials `target` and resolves with a live link: the host is resolved, its addresses are tried in turn, TLS, the upgrade and the
/// protocol's handshake are done, and the messages of [`Protocol::on_live`] are written. All of it is bounded by
/// [`SessionConfig::connect_timeout`]. The link's pump task is started here, on the current tokio runtime.
///
/// # Errors
/// [`DialError`] names the step that failed; [`DialError::recovery`] says what helps.
///
/// # Cancel safety
/// Dropping the future leaves nothing behind: sockets are closed, and if a pump was already started, it ends. (The system's resolver
/// cannot be interrupted; its thread ends by itself.)
pub async fn dial<P: Protocol>(
    target: &Target,
    protocol: Arc<P>,
    inbox: Arc<dyn Inbox<P>>,
    config: &SessionConfig,
) -> Result<Link<P>, DialError> {
    let budget = Budget::new(config);
    let address = Address::of(target)?;
    let mut io = connect(&address, &*config.network, &budget).await?;
    if address.tls {
        let secured = secure(io, address.server_name()?, &config.tls);
        io = Box::new(budget.spend(DialPhase::Tls, secured).await?.map_err(DialError::Tls)?);
    }
    let transport = budget.spend(DialPhase::Upgrade, Transport::upgrade(io, target, config)).await??;
    Ok(go_live(transport, protocol, inbox, config, &budget).await?)
}

async fn connect(
    host: &Address<'_>,
    network: &dyn Network,
    budget: &Budget,
) -> Result<Box<dyn Io>, DialError> {
    let addresses = budget.spend(DialPhase::Resolve, host.addresses(network)).await??;
    let mut failure = budget.exhausted(DialPhase::Connect).into();
    for (tried, address) in addresses.iter().enumerate() {
        // An address that swallows packets must not eat the time of the others.
        let now = Instant::now();
        let left = budget.deadline.saturating_duration_since(now);
        let share = left / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        failure = match timeout_at(after(now, share), network.connect(*address)).await {
            Ok(Ok(io)) => return Ok(io),
            Ok(Err(source)) => DialError::Connect { address: *address, source },
            Err(_) => budget.exhausted(DialPhase::Connect).into(),
        };
    }
    Err(failure)
}

async fn secure(
    io: Box<dyn Io>,
    name: ServerName<'static>,
    tls: &TlsConfig,
) -> Result<tokio_rustls::client::TlsStream<Box<dyn Io>>, TlsError> {
    TlsConnector::from(Arc::clone(&tls.client)).connect(name, io).await.map_err(TlsError::from_io)
}

/// What a URL says about where to connect.
struct Address<'a> {
    host: Host<&'a str>,
    port: u16,
    tls: bool,
}

impl<'a> Address<'a> {
    fn of(target: &'a Target) -> Result<Self, DialError> {
        let invalid = |reason: &str| DialError::InvalidUrl { reason: reason.to_owned() };
        let tls = match target.url.scheme() {
            "ws" => false,
            "wss" => true,
            _ => return Err(invalid("its scheme is neither ws nor wss")),
        };
        let host = target.url.host().ok_or_else(|| invalid("it has no host"))?;
        let port = target.url.port_or_known_default().ok_or_else(|| invalid("it has no port"))?;
        Ok(Self { host, port, tls })
    }

    async fn addresses(&self, network: &dyn Network) -> Result<Vec<SocketAddr>, DialError> {
        let name = match &self.host {
            Host::Domain(name) => *name,
            Host::Ipv4(ip) => return Ok(vec![SocketAddr::from((*ip, self.port))]),
            Host::Ipv6(ip) => return Ok(vec![SocketAddr::from((*ip, self.port))]),
        };
        let failed = |source| DialError::Resolve { host: name.to_owned(), source };
        let found = network.resolve(name, self.port).await.map_err(failed)?;
        if found.is_empty() { Err(failed(std::io::ErrorKind::NotFound.into())) } else { Ok(found) }
    }

    fn server_name(&self) -> Result<ServerName<'static>, DialError> {
        match &self.host {
            Host::Domain(name) => ServerName::try_from((*name).to_owned())
                .map_err(|_| DialError::InvalidUrl { reason: "its host is not a valid name for TLS".to_owned() }),
            Host::Ipv4(ip) => Ok(ServerName::IpAddress((*ip).into())),
            Host::Ipv6(ip) => Ok(ServerName::IpAddress((*ip).into())),
        }
    }
}
