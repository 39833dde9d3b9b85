//! Which connections a server serves at a time.

#[cfg_attr(
    not(any(feature = "http", test)),
    expect(dead_code, reason = "requests and answers are those of HTTP")
)]
mod standing;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use standing::Standing;

/// The places of one server. Only a busy client keeps its place: one with a request under way, until its answer is
/// sent, or a known one, such as a client whose connection has become a WebSocket. One of the others makes room for
/// each newcomer, and a newcomer is turned away only if all are busy.
///
/// Clients whose last request showed no credential go first, while they have more than a quarter of all places; that
/// much is left to them, or newcomers would only make room for each other. Among them, those of an address that has
/// more than half of all places go before the rest: one address cannot shut out everybody else by being idle. Among
/// those, the one that has been idle longest goes first.
///
/// An idle connection may be closed at any time, as HTTP/1.1 allows, and its client may be about to ask. A request that
/// arrives before its connection is closed is answered, and another client makes room instead. One that arrives later
/// is not read: nothing of it runs.
///
/// What is not promised: a client that keeps all places busy, within the bounds of its requests, shuts others out.
/// Places are not divided by address, because all clients behind a proxy have the same one, and so do all clients on
/// the server's own machine.
#[derive(Debug)]
pub struct Places {
    free: Arc<Semaphore>,
    most: usize,
    /// The clients that have a place, and some that have left.
    taken: Vec<Standing>,
    networks: HashMap<IpAddr, Weak<()>>,
    /// Counts the events that make a client idle: a client that has been idle for longer has the smaller number.
    clock: Arc<AtomicU64>,
}

/// The place of one client, until this is dropped.
#[derive(Debug)]
pub struct Place {
    standing: Standing,
    _network: Arc<()>,
    _taken: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.standing.go();
    }
}

impl Places {
    /// At most this many places.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(most)),
            most,
            taken: Vec::new(),
            networks: HashMap::new(),
            clock: Arc::default(),
        }
    }

    /// A place for a client from this address. If none is free, a client that is not busy is asked to leave, and this
    /// waits for that; `None` if all are busy.
    ///
    /// # Cancel safety
    /// If the future is dropped, a client may have left without anybody taking its place.
    pub async fn take(&mut self, from: IpAddr) -> Option<Place> {
        let taken = self.permit().await?;
        self.forget_the_gone();
        let network = network(from);
        let network = self.networks.get(&network).and_then(Weak::upgrade).unwrap_or_else(|| {
            let new = Arc::new(());
            self.networks.insert(network, Arc::downgrade(&new));
            new
        });
        let standing = Standing::new(Arc::clone(&self.clock), Arc::downgrade(&network));
        self.taken.push(standing.clone());
        Some(Place { standing, _network: network, _taken: taken })
    }

    async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        // Each client that is asked leaves, or is busy now; clients that become idle meanwhile do not make this go on
        // for ever.
        for _ in 0..=self.most {
            if let Ok(taken) = Arc::clone(&self.free).try_acquire_owned() {
                return Some(taken);
            }
            let next = self.next()?;
            tokio::select! {
                biased;
                taken = Arc::clone(&self.free).acquire_owned() => return taken.ok(),
                () = next.stays() => {}
            }
        }
        None
    }

    /// The client that makes room next; it has been asked to.
    fn next(&self) -> Option<Standing> {
        let without =
            self.taken.iter().filter(|client| client.idle().is_some_and(|(is_credible, _)| !is_credible));
        let are_many = without.count() > self.most / 4;
        let rank = |client: &Standing| {
            let (is_credible, since) = client.idle()?;
            let has_most = client.neighbours() > self.most / 2;
            Some((are_many && !is_credible, has_most, Reverse(since)))
        };
        let ranked = self.taken.iter().filter_map(|client| Some((rank(client)?, client)));
        let (_, next) = ranked.max_by_key(|(rank, _)| *rank)?;
        next.ask_to_leave();
        Some(next.clone())
    }

    /// Not at each newcomer, only once enough have left.
    fn forget_the_gone(&mut self) {
        let here = self.most - self.free.available_permits();
        if self.taken.len().max(self.networks.len()) > 2 * here + FEW {
            self.taken.retain(|client| !client.has_gone());
            self.networks.retain(|_, network| network.strong_count() > 0);
        }
    }
}

impl Place {
    /// What is known of the client.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        &self.standing
    }
}

/// The network of an address: whoever has one address of a 64-bit network has all of them.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
    }
}

const FEW: usize = 64;
