//! What the rule asks for.

use std::time::Duration;

use super::Health;
use crate::error::LinkEnd;
use crate::stall::Slow;

/// What a tick asks for, most important first.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Due {
    /// The link is no longer of use.
    pub(crate) death: Option<Death>,
    /// Send a ping now.
    pub(crate) ping: bool,
    /// Send a probe now, unless an earlier one is still with the peer, which serves as well.
    pub(crate) probe: bool,
    /// The health changed to this.
    pub(crate) health: Option<Health>,
}

/// What a link dies of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    Silent { after: Duration },
    TooSlow(Slow),
    Stuck { after: Duration },
}

impl From<Death> for LinkEnd {
    fn from(death: Death) -> Self {
        match death {
            Death::Silent { after } => Self::Silent { after },
            Death::TooSlow(Slow { bytes, after }) => Self::TooSlow { bytes, after },
            Death::Stuck { after } => Self::Stuck { after },
        }
    }
}
