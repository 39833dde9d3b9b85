//! What a new envelope is stamped with: its time and, for a request, its id.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use ham_persistent::{SystemWallClock, WallClock as _};
use ulid::{Generator, Ulid};

/// The time of day.
pub(crate) fn now() -> SystemTime {
    SystemWallClock.now()
}

/// RFC 3339 in UTC with nanoseconds.
pub(crate) fn text(time: SystemTime) -> String {
    humantime::format_rfc3339_nanos(time).to_string()
}

/// A new ULID for this time. Those of one process ascend, even within a millisecond.
pub(crate) fn id(time: SystemTime) -> String {
    static GENERATOR: Mutex<Generator> = Mutex::new(Generator::new());
    let mut generator = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
    // The random part can overflow only after 2^80 ids in one millisecond at most; a fresh one is unique all the same.
    generator.generate_from_datetime(time).unwrap_or_else(|_| Ulid::new()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_ascend_also_within_a_millisecond() {
        let ids: Vec<String> = (0..10_000).map(|_| id(now())).collect();
        assert!(ids.is_sorted());
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(ids.iter().all(|id| Ulid::from_string(id).is_ok()));
    }

    #[test]
    fn times_are_rfc_3339_in_utc() {
        let now = text(now());
        assert!(humantime::parse_rfc3339(&now).is_ok(), "{now}");
        assert!(now.ends_with('Z') && now.len() == "2026-01-01T00:00:00.000000000Z".len());
    }
}
