//! The envelope: one JSON object per text frame.

use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::stamp;

/// A message. On the wire the fields come in the order given here; empty ones are absent.
///
/// The payload and unknown fields are kept as the text they arrived as, so that passing an envelope on changes no number and no
/// spelling. Envelopes are equal if their texts are.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Envelope {
    /// What the message is; never empty on the wire. Unknown kinds are not an error.
    pub kind: String,
    /// The request's id, by which its answer finds it: a ULID if this crate makes it.
    pub id: Option<String>,
    /// The id of the request that this answers.
    pub in_reply_to: Option<String>,
    /// When it was made: RFC 3339, UTC, up to nanoseconds. Kept as received.
    pub ts: Option<String>,
    /// Any JSON.
    pub payload: Option<Box<RawValue>>,
    /// The aspect it is meant for.
    pub target_aspect: Option<String>,
    /// The fields that this version does not know, in their original order.
    pub extra: Vec<(String, Box<RawValue>)>,
}

impl Envelope {
    /// A message of this kind, made now. It has no id: it expects no answer.
    #[must_use]
    pub fn new(kind: impl Into<String>) -> Self {
        Self::made(kind, stamp::now())
    }

    /// A request of this kind, made now, with a new id.
    #[must_use]
    pub fn request(kind: impl Into<String>) -> Self {
        let now = stamp::now();
        Self { id: Some(stamp::id(now)), ..Self::made(kind, now) }
    }

    /// An answer of this kind to this request, made now. Made from a message without an id, it answers nothing.
    #[must_use]
    pub fn reply(&self, kind: impl Into<String>) -> Self {
        Self { in_reply_to: self.id.clone(), ..Self::new(kind) }
    }

    fn made(kind: impl Into<String>, now: SystemTime) -> Self {
        Self { kind: kind.into(), ts: Some(stamp::text(now)), ..Self::default() }
    }

    /// What it holds besides itself, in bytes.
    pub(crate) fn held(&self) -> usize {
        let texts = [&self.id, &self.in_reply_to, &self.ts, &self.target_aspect];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        let payload = self.payload.as_ref().map_or(0, |payload| payload.get().len());
        let field = |(name, value): &(String, Box<RawValue>)| {
            size_of::<(String, Box<RawValue>)>() + name.len() + value.get().len()
        };
        self.kind.len() + texts + payload + self.extra.iter().map(field).sum::<usize>()
    }

    /// Sets the payload.
    ///
    /// # Errors
    /// When `payload` cannot be expressed in JSON.
    pub fn with_payload(mut self, payload: impl Serialize) -> Result<Self, serde_json::Error> {
        self.payload = Some(serde_json::value::to_raw_value(&payload)?);
        Ok(self)
    }

    /// Sets [`target_aspect`](Self::target_aspect).
    #[must_use]
    pub fn with_target_aspect(mut self, aspect: impl Into<String>) -> Self {
        self.target_aspect = Some(aspect.into());
        self
    }

    /// The payload as a type of the caller's. A missing payload is read as `null`.
    ///
    /// # Errors
    /// [`PayloadError`] if it is something else.
    pub fn payload_as<T: DeserializeOwned>(&self) -> Result<T, PayloadError> {
        let text = self.payload.as_deref().map_or("null", RawValue::get);
        serde_json::from_str(text).map_err(|source| PayloadError { kind: self.kind.clone(), source })
    }

    /// Reads an envelope. Never panics, whatever the text is.
    ///
    /// # Errors
    /// [`DecodeError::Json`] if it is not a JSON object with fields of these types; [`DecodeError::NoKind`].
    pub fn from_json(text: &str) -> Result<Self, DecodeError> {
        let envelope: Self = serde_json::from_str(text)?;
        if envelope.kind.is_empty() { Err(DecodeError::NoKind) } else { Ok(envelope) }
    }

    /// The text as it goes on the wire.
    ///
    /// # Errors
    /// [`DecodeError::NoKind`]: nobody could read the text.
    pub fn to_json(&self) -> Result<String, DecodeError> {
        if self.kind.is_empty() { Err(DecodeError::NoKind) } else { Ok(serde_json::to_string(self)?) }
    }
}

/// Why a text is not an envelope, or why an envelope has no text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// It is not the JSON of an envelope.
    #[error("not the JSON of an envelope")]
    Json(#[from] serde_json::Error),
    /// Its kind is missing or empty.
    #[error("the envelope has no kind")]
    NoKind,
}

/// A payload is not of the requested type.
#[derive(Debug, thiserror::Error)]
#[error("the payload of {kind:?} is of another type")]
#[non_exhaustive]
pub struct PayloadError {
    /// The envelope's kind.
    pub kind: String,
    /// What does not fit.
    #[source]
    pub source: serde_json::Error,
}

impl PartialEq for Envelope {
    fn eq(&self, other: &Self) -> bool {
        fn extra(of: &Envelope) -> impl Iterator<Item = (&str, &str)> {
            of.extra.iter().map(|(name, value)| (name.as_str(), value.get()))
        }
        self.kind == other.kind
            && self.id == other.id
            && self.in_reply_to == other.in_reply_to
            && self.ts == other.ts
            && self.target_aspect == other.target_aspect
            && self.payload.as_deref().map(RawValue::get) == other.payload.as_deref().map(RawValue::get)
            && extra(self).eq(extra(other))
    }
}

/// Leaves out the payload and unknown fields, which can hold anything.
impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .field("in_reply_to", &self.in_reply_to)
            .field("ts", &self.ts)
            .field("target_aspect", &self.target_aspect)
            .finish_non_exhaustive()
    }
}

impl Serialize for Envelope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut text = |name: &str, value: Option<&str>| match value {
            Some(value) if !value.is_empty() => map.serialize_entry(name, value),
            _ => Ok(()),
        };
        text("kind", Some(&self.kind))?;
        text("id", self.id.as_deref())?;
        text("in_reply_to", self.in_reply_to.as_deref())?;
        text("ts", self.ts.as_deref())?;
        if let Some(payload) = &self.payload {
            map.serialize_entry("payload", payload)?;
        }
        if let Some(aspect) = self.target_aspect.as_deref().filter(|aspect| !aspect.is_empty()) {
            map.serialize_entry("target_aspect", aspect)?;
        }
        for (name, value) in &self.extra {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

/// Reads the fields by hand: a derived reader that keeps unknown fields would parse every payload into a tree.
struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Envelope;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an envelope object")
    }

    /// If a known name occurs twice, the last one counts; unknown ones are kept as they came. `null` and the empty text mean absence,
    /// except for the payload.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope, A::Error> {
        let mut envelope = Envelope::default();
        while let Some(Name(name)) = map.next_key()? {
            match &*name {
                "kind" => envelope.kind = present(&mut map)?.unwrap_or_default(),
                "id" => envelope.id = present(&mut map)?,
                "in_reply_to" => envelope.in_reply_to = present(&mut map)?,
                "ts" => envelope.ts = present(&mut map)?,
                "payload" => envelope.payload = Some(map.next_value()?),
                "target_aspect" => envelope.target_aspect = present(&mut map)?,
                _ => envelope.extra.push((name.into_owned(), map.next_value()?)),
            }
        }
        Ok(envelope)
    }
}

/// A field's name, copied only if necessary: if it is unknown, or written with escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

fn present<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<String>, A::Error> {
    Ok(map.next_value::<Option<String>>()?.filter(|text| !text.is_empty()))
}
