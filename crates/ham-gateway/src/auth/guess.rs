//! Addresses that try keys.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ham_web::network;
use tokio::time::Instant;

/// Failed keys by the addresses that they came from. A valid key is never counted, and never refused because of invalid
/// ones: nobody can lock out others behind the same address, and 256 random bits are not found by trying.
#[derive(Debug, Default)]
pub(crate) struct Guesses(Mutex<HashMap<IpAddr, Tries>>);

#[derive(Clone, Copy, Debug)]
struct Tries {
    since: Instant,
    count: u32,
}

impl Guesses {
    /// Counts one more failed key; how long the address has to wait if it tried too often.
    pub(crate) fn failed(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |tries: &Tries| now.saturating_duration_since(tries.since) < WINDOW;
        let network = network(address);
        if table.len() >= MOST_ADDRESSES && !table.contains_key(&network) {
            table.retain(|_, tries| fresh(tries));
            if table.len() >= MOST_ADDRESSES {
                return Some(WINDOW);
            }
        }
        let tries = table.entry(network).or_insert(Tries { since: now, count: 0 });
        if !fresh(tries) {
            *tries = Tries { since: now, count: 0 };
        }
        tries.count = tries.count.saturating_add(1);
        (tries.count > MOST_TRIES).then(|| WINDOW.saturating_sub(now.saturating_duration_since(tries.since)))
    }
}

/// Failed keys that an address may have in a [`WINDOW`].
const MOST_TRIES: u32 = 10;
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses that are remembered; while there are this many, further ones wait.
const MOST_ADDRESSES: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_failed_key_of_a_minute_waits_for_its_end() {
        let (guesses, start) = (Guesses::default(), Instant::now());
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        for _ in 0..MOST_TRIES {
            assert_eq!(guesses.failed(address, start), None);
        }
        let later = start + Duration::from_secs(20);
        assert_eq!(guesses.failed(address, later), Some(Duration::from_secs(40)));
        assert_eq!(guesses.failed("192.0.2.2".parse().unwrap(), later), None);
        assert_eq!(guesses.failed(address, start + WINDOW), None);
    }

    #[test]
    fn the_table_is_bounded() {
        let (guesses, now) = (Guesses::default(), Instant::now());
        for n in 0..u32::try_from(MOST_ADDRESSES).unwrap() {
            assert_eq!(guesses.failed(IpAddr::V4(n.into()), now), None);
        }
        let further = IpAddr::V4(u32::MAX.into());
        assert_eq!(guesses.failed(further, now), Some(WINDOW));
        assert_eq!(guesses.failed(further, now + WINDOW), None);
    }
}
