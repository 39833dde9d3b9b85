//! `Idempotency-Key`, in the form of the IETF's draft (a structured string) and in the form that is widely used (bare).

use std::fmt;

/// The longest key, in bytes.
pub const MAX_IDEMPOTENCY_KEY: usize = 255;

/// A client's name for one call.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads the header's value: `"inv-2291"`, a string of RFC 8941, or `inv-2291`. Both are the same key.
    ///
    /// # Errors
    /// [`BadIdempotencyKey`], in words for the client.
    pub fn parse(value: &[u8]) -> Result<Self, BadIdempotencyKey> {
        let value = value.trim_ascii();
        let key = match value.split_first() {
            None => return Err(BadIdempotencyKey::Empty),
            Some((b'"', rest)) => quoted(rest)?,
            Some(_) => value.to_vec(),
        };
        if key.is_empty() {
            return Err(BadIdempotencyKey::Empty);
        }
        if key.len() > MAX_IDEMPOTENCY_KEY {
            return Err(BadIdempotencyKey::TooLong);
        }
        if !key.iter().all(u8::is_ascii_graphic) {
            return Err(BadIdempotencyKey::NotVisible);
        }
        String::from_utf8(key).map(Self).map_err(|_| BadIdempotencyKey::NotVisible)
    }

    /// Its text, without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// The text between quotes (RFC 8941, 3.3.3).
fn quoted(mut rest: &[u8]) -> Result<Vec<u8>, BadIdempotencyKey> {
    let mut text = Vec::with_capacity(rest.len());
    loop {
        match rest {
            [b'"'] => return Ok(text),
            [b'"', ..] => return Err(BadIdempotencyKey::Rest),
            [b'\\', escaped @ (b'"' | b'\\'), more @ ..] => {
                text.push(*escaped);
                rest = more;
            }
            [b'\\', ..] => return Err(BadIdempotencyKey::Escape),
            [byte, more @ ..] => {
                text.push(*byte);
                rest = more;
            }
            [] => return Err(BadIdempotencyKey::Open),
        }
    }
}

/// Why a header is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadIdempotencyKey {
    /// It is empty.
    #[error("the Idempotency-Key is empty")]
    Empty,
    /// It is longer than [`MAX_IDEMPOTENCY_KEY`].
    #[error("the Idempotency-Key is longer than {MAX_IDEMPOTENCY_KEY} characters")]
    TooLong,
    /// It has a space, a control character or something that is not ASCII.
    #[error("the Idempotency-Key has characters that are not visible ASCII")]
    NotVisible,
    /// The closing quote is missing.
    #[error("the Idempotency-Key has no closing quote")]
    Open,
    /// Something follows the closing quote.
    #[error("something follows the closing quote of the Idempotency-Key")]
    Rest,
    /// A backslash before something other than a quote or a backslash.
    #[error("only a quote and a backslash may be escaped in the Idempotency-Key")]
    Escape,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quoted_and_bare_are_one_key() {
        let key = |text: &str| IdempotencyKey::parse(text.as_bytes());
        assert_eq!(key("\"inv-2291\"").unwrap().as_str(), "inv-2291");
        assert_eq!(key(" inv-2291 "), key("\"inv-2291\""));
        assert_eq!(key(r#""a\"b\\c""#).unwrap().as_str(), r#"a"b\c"#);
    }

    #[test]
    fn what_is_not_a_key_is_told() {
        use BadIdempotencyKey::{Empty, Escape, NotVisible, Open, Rest, TooLong};
        let long = "k".repeat(MAX_IDEMPOTENCY_KEY + 1);
        let wrong = [
            ("", Empty),
            ("\"\"", Empty),
            ("\"open", Open),
            ("\"a\"; x=1", Rest),
            (r#""a\b""#, Escape),
            ("a b", NotVisible),
            ("\"ä\"", NotVisible),
            (long.as_str(), TooLong),
        ];
        for (text, why) in wrong {
            assert_eq!(IdempotencyKey::parse(text.as_bytes()), Err(why), "{text}");
        }
        assert!(IdempotencyKey::parse(&long.as_bytes()[1..]).is_ok());
    }

    proptest! {
        #[test]
        fn bytes_are_a_key_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(key) = IdempotencyKey::parse(&bytes) {
                prop_assert!((1..=MAX_IDEMPOTENCY_KEY).contains(&key.as_str().len()));
                let again = format!("\"{}\"", key.as_str().replace('\\', "\\\\").replace('"', "\\\""));
                prop_assert_eq!(IdempotencyKey::parse(again.as_bytes()), Ok(key));
            }
        }
    }
}
