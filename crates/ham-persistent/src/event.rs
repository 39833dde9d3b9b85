//! What happens to a persistent connection, in the past tense.

use std::fmt;
use std::sync::Arc;

use crate::connector::Connector;

/// What happened. See the [crate documentation](crate) for order and de-duplication.
pub enum Event<C: Connector> {
    /// The first attempt of an outage begins. Not repeated for further attempts of the same outage.
    AttemptingToConnect,
    /// The connector said where to dial, and the address differs from its last one in this outage.
    ObtainedAddress(C::Address),
    /// An attempt failed, and not in the same way as the last one of this outage.
    FailedToConnect(Arc<C::Error>),
    /// A link is established.
    Connected(C::Connection),
    /// The link has ended, by either side.
    Disconnected,
}

impl<C: Connector> Clone for Event<C> {
    fn clone(&self) -> Self {
        match self {
            Self::AttemptingToConnect => Self::AttemptingToConnect,
            Self::ObtainedAddress(address) => Self::ObtainedAddress(address.clone()),
            Self::FailedToConnect(error) => Self::FailedToConnect(Arc::clone(error)),
            Self::Connected(connection) => Self::Connected(connection.clone()),
            Self::Disconnected => Self::Disconnected,
        }
    }
}

impl<C: Connector> fmt::Debug for Event<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AttemptingToConnect => f.write_str("AttemptingToConnect"),
            Self::ObtainedAddress(address) => write!(f, "ObtainedAddress({address:?})"),
            Self::FailedToConnect(error) => write!(f, "FailedToConnect({error})"),
            Self::Connected(_) => f.write_str("Connected"),
            Self::Disconnected => f.write_str("Disconnected"),
        }
    }
}
