//! The state that all requests share.

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use holochain_zome_types::prelude::Timestamp;
use tokio::sync::{Semaphore, watch};

use crate::apps::Apps;
use crate::auth::{Guesses, Identity};
use crate::compat::Cells;
use crate::feed::Feed;
use crate::life::{Life, LifeWatch};
use crate::live::Live;
use crate::nats;
use crate::outbox::Outbox;

/// The state that all requests share: each area of the gateway is one field of it.
#[derive(Debug)]
pub(crate) struct Gateway {
    live: ArcSwap<Live>,
    life: watch::Sender<Life>,
    /// Where clients are served.
    pub(crate) address: SocketAddr,
    pub(crate) apps: Apps,
    pub(crate) feed: Arc<Feed>,
    /// `None` if there is no state directory.
    pub(crate) outbox: Option<Outbox>,
    /// How the NATS connection is doing; `None` if NATS is not used.
    pub(crate) nats: Option<Arc<nats::NatsStatus>>,
    /// The caller, if everybody may do everything.
    pub(crate) dev: Option<Arc<Identity>>,
    /// The caller of the operations listener.
    pub(crate) operations: Arc<Identity>,
    /// The caller in the form of other gateways.
    pub(crate) anybody: Arc<Identity>,
    /// Which cells the addresses of that form mean.
    pub(crate) compat: Cells,
    pub(crate) guesses: Guesses,
    pub(crate) started_at: Timestamp,
    /// Places for pages that follow the status.
    pub(crate) status_streams: Arc<Semaphore>,
}

impl Gateway {
    pub(crate) fn new(
        live: Live,
        address: SocketAddr,
        apps: Apps,
        feed: Arc<Feed>,
        outbox: Option<Outbox>,
    ) -> Self {
        let nats = live.config.nats.is_on().then(Arc::default);
        let dev = live.config.dev.then(|| Arc::new(Identity::dev()));
        Self {
            live: ArcSwap::from_pointee(live),
            life: watch::Sender::new(Life::Running),
            address,
            apps,
            feed,
            outbox,
            nats,
            dev,
            operations: Arc::new(Identity::operations()),
            anybody: Arc::new(Identity::anybody()),
            compat: Cells::default(),
            guesses: Guesses::default(),
            started_at: Timestamp::now(),
            status_streams: Arc::new(Semaphore::new(STATUS_STREAMS)),
        }
    }

    /// What applies now. Must not be held across an await.
    pub(crate) fn live(&self) -> Guard<Arc<Live>> {
        self.live.load()
    }

    /// Replaces the configuration.
    pub(crate) fn replace(&self, live: Live) {
        self.live.store(Arc::new(live));
    }

    pub(crate) fn life(&self) -> LifeWatch {
        LifeWatch(self.life.subscribe())
    }

    pub(crate) fn is(&self) -> Life {
        *self.life.borrow()
    }

    /// Proceeds to this stage of its life, never back.
    pub(crate) fn go_on(&self, to: Life) {
        self.life.send_if_modified(|life| {
            let further = to > *life;
            *life = to.max(*life);
            further
        });
    }
}

/// Pages that may follow the status at a time.
const STATUS_STREAMS: usize = 64;
