//! A call as the outbox keeps it.

use std::fmt;

use ham::SignedCall;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use ulid::Ulid;

use super::machine::Record;
use super::stored::Stored;
use crate::outcome::KeyFate;

/// The id of a call: ids sort in the order in which calls were accepted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallId(u128);

impl CallId {
    /// A new one, from the system's clock.
    #[must_use]
    pub fn fresh() -> Self {
        Self(Ulid::new().0)
    }

    /// One of this time, in milliseconds since 1970, that comes after `last`. If `last` is of a later time, the new one
    /// is some distance after it: the previous process may have given out ids that it did not write down.
    pub(super) fn after(last: Self, time: i64, random: u128) -> Self {
        let fresh = Ulid::from_parts(u64::try_from(time).unwrap_or_default(), random).0;
        let step = (random & u128::from(u32::MAX)) + 1;
        Self(if fresh > last.0 { fresh } else { last.0.saturating_add(step) })
    }

    /// Reads one as it is written in addresses.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Ulid::from_string(text).ok().map(|id| Self(id.0))
    }

    pub(super) const fn number(self) -> u128 {
        self.0
    }

    pub(super) const fn of_number(number: u128) -> Self {
        Self(number)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ulid(self.0).fmt(f)
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// SHA-256 of what a request asks for: two requests under one key are the same request if their fingerprints are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of a request: its owner, what it calls, and the payload.
    #[must_use]
    pub fn of(parts: [&str; 5], payload: &[u8]) -> Self {
        let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
        for part in parts.map(str::as_bytes).into_iter().chain([payload]) {
            // So that different parts never give the same input.
            digest.update(&(part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest.finish().as_ref());
        Self(fingerprint)
    }
}

/// A call as the outbox keeps it. Times are milliseconds since 1970, in UTC.
#[derive(Clone, Serialize, Deserialize)]
pub struct Call {
    /// Its name.
    pub id: CallId,
    /// Where it stands.
    pub record: Record,
    /// Whose call it is.
    pub api_key: String,
    /// The client's name for it.
    pub key: Option<String>,
    /// What it asks for.
    pub fingerprint: Fingerprint,
    /// The app.
    pub app: String,
    /// The role, or a clone.
    pub role: String,
    /// The zome.
    pub zome: String,
    /// The function.
    pub function: String,
    /// Whether the function only reads.
    pub read_only: bool,
    /// Whether a call that nobody waits for is made again if another call wrote to the chain meanwhile.
    pub retry_chain_moved: bool,
    /// MessagePack; gone once the call is settled, or signed for good.
    pub payload: Option<ByteBuf>,
    /// When it was accepted.
    pub accepted_at: i64,
    /// Until when it is sent.
    pub deliver_until: i64,
    /// Its signed bytes; gone once it is settled.
    pub signed: Option<SignedCall>,
    /// After this it can no longer start, once it was signed.
    pub not_started_after: Option<i64>,
    /// What requests for it are answered with, once it is settled.
    pub answer: Option<Stored>,
    /// When it was settled.
    pub settled_at: Option<i64>,
    /// Until when a repeat gets the same answer.
    pub keep_until: Option<i64>,
}

impl Call {
    /// Removes what is secret or large and no longer needed.
    pub fn forget_what_was_sent(&mut self) {
        self.payload = None;
        self.signed = None;
    }

    /// Whether it is settled in a way that frees its key: the next request with that key is run.
    pub(super) fn frees_its_key(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.key() == KeyFate::Released)
    }

    /// `role/zome/function`.
    pub(super) fn label(&self) -> String {
        format!("{}/{}/{}", self.role, self.zome, self.function)
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("id", &self.id)
            .field("record", &self.record)
            .field("api_key", &self.api_key)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_go_up_whatever_the_clock_does() {
        let first = CallId::after(CallId::of_number(0), 1_000, u128::MAX);
        let second = CallId::after(first, 999, 0);
        let third = CallId::after(second, 2_000, 0);
        assert!(first < second && second < third);
        assert_eq!(CallId::parse(&third.to_string()), Some(third));
    }

    #[test]
    fn a_fingerprint_knows_where_a_part_ends() {
        let one = Fingerprint::of(["a", "b", "c", "d", "e"], b"f");
        assert_eq!(one, Fingerprint::of(["a", "b", "c", "d", "e"], b"f"));
        assert_ne!(one, Fingerprint::of(["ab", "", "c", "d", "e"], b"f"));
        assert_ne!(one, Fingerprint::of(["a", "b", "c", "d", "ef"], b""));
    }
}
