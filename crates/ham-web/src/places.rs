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

/// The places of one server. Only who is busy keeps its place: with a request under way until its answer is sent, or as a client that
/// is known, such as one whose connection has become a WebSocket. Of all others one makes room for whoever comes, and a newcomer is
/// turned away only where all are busy.
///
/// Who goes first: those whose last request has shown no credential, while they have more than a quarter of all places; that much is left to
/// them, or newcomers would only make room for each other. Among them, those of an address that has more than half of all places before the
/// others: it alone cannot shut out the rest by being idle. Among those, who has been idle longest.
///
/// An idle connection may be closed at any time, as HTTP/1.1 has it, and its client may be about to ask. A request that has come before its
/// connection is closed is answered, and another client makes room instead. One that comes later is not read: nothing of it runs.
///
/// What is not promised: whoever keeps all places busy, within the bounds of its requests, shuts others out. Places are not shared out by address
/// since all clients have one behind a proxy, and on their own machine.
#[derive(Debug)]
pub struct Places {
    free: Arc<Semaphore>,
    most: usize,
    /// Those that have a place, and some that have gone.
    taken: Vec<Standing>,
    networks: HashMap<IpAddr, Weak<()>>,
    /// Counts whatever makes a client idle: who has been so for longer has the smaller number.
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
    /// So many.
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

    /// A place for a client that has come from this address. Where none is free, one that is not busy leaves, which is waited for; `None`
    /// where all are busy.
    ///
    /// # Cancel safety
    /// A client may have left for nobody.
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
        // Each that is asked leaves, or is busy now: whoever becomes idle meanwhile is not asked for ever.
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

    /// Who makes room next; it has been asked to.
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

    /// Not with each that comes: they are few.
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

/// Whose address this is: whoever has one address of a network of 64 bits has all of them.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
    }
}

const FEW: usize = 64;
