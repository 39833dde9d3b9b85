//! What the cells of one conductor share.

use std::sync::{Arc, Weak};

use holochain_keystore::MetaLairClient;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::home::Home;
use super::turns::Turns;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::limits::Limits;
use crate::observe::Feed;
use crate::signals::Signals;
use crate::stores::{Apps, Nonces};
use crate::work::Tasks;

/// What the cells of one conductor share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) home: Weak<dyn Home>,
    pub(crate) keystore: MetaLairClient,
    pub(crate) apps: Arc<Apps>,
    pub(crate) nonces: Arc<Nonces>,
    pub(crate) turns: Arc<Turns>,
    pub(crate) signals: Arc<Signals>,
    pub(crate) clock: Clock,
    pub(crate) feed: Arc<Feed>,
    pub(crate) tasks: Tasks,
    /// Cancelled when the conductor ends.
    pub(crate) closing: CancellationToken,
    pub(crate) faults: Arc<Faults>,
    /// Places for scheduled functions.
    pub(crate) schedules: Arc<Semaphore>,
    /// What a root call may use.
    pub(crate) limits: Limits,
    /// Whether the end of a chain closes it for commits of its own.
    pub(crate) closes_chains: bool,
}
