//! A call as the outbox keeps it.

use std::fmt;

use ham::SignedCall;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::machine::Record;

/// The name of a call: it sorts by the time at which the call was accepted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallId(u128);

impl CallId {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        Self(Ulid::new().0)
    }

    /// Reads one as it stands in addresses.
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

impl Default for CallId {
    fn default() -> Self {
        Self::new()
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

/// SHA-256 of what a request asks for: two requests under one key are the same request if it is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(pub [u8; 32]);

/// What a settled call is answered with, again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The status of the answer.
    pub status: u16,
    /// Its `Content-Type`.
    pub content_type: String,
    /// Its body; `None` where it was too large to be kept.
    pub body: Option<serde_bytes::ByteBuf>,
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
    /// MessagePack; gone once it is settled.
    pub payload: Option<serde_bytes::ByteBuf>,
    /// When it was accepted.
    pub accepted_at: i64,
    /// Until when it is sent.
    pub deliver_until: i64,
    /// Its signed bytes; gone once it is settled.
    pub signed: Option<SignedCall>,
    /// What it is answered with, once it is settled.
    pub answer: Option<Stored>,
    /// When it was settled.
    pub settled_at: Option<i64>,
    /// Until when a repeat is answered with it.
    pub keep_until: Option<i64>,
}

impl Call {
    /// Takes out what is secret or large and not needed any more.
    pub fn forget_what_was_sent(&mut self) {
        self.payload = None;
        self.signed = None;
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
