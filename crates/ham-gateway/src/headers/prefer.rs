//! `Prefer` (RFC 7240): how long a request waits, and whether it may be answered before its call.

use std::time::Duration;

/// What a request prefers. Anything that it leaves out is up to the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preference {
    /// How long to wait for the call.
    pub wait: Option<Duration>,
    /// Whether it may be answered once the call is accepted.
    pub respond_async: bool,
}

impl Preference {
    /// Reads the values of all headers of this name. Unknown preferences are ignored, as RFC 7240 requires; if one
    /// occurs twice, the first one applies.
    ///
    /// # Errors
    /// `wait` is not a number of seconds.
    pub fn parse<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, BadPreference> {
        let mut preference = Self::default();
        for value in values {
            for part in value.split(|byte| *byte == b',') {
                // Parameters follow a semicolon, and these two preferences have none.
                let part = part.split(|byte| *byte == b';').next().unwrap_or_default();
                let (name, value) = match part.iter().position(|byte| *byte == b'=') {
                    Some(at) => (&part[..at], Some(&part[at + 1..])),
                    None => (part, None),
                };
                let name = name.trim_ascii();
                if name.eq_ignore_ascii_case(b"respond-async") {
                    // It has no value, and an empty value counts as none. With any other value it is not a known preference.
                    preference.respond_async |= value.is_none_or(|value| unquoted(value).is_empty());
                } else if name.eq_ignore_ascii_case(b"wait") && preference.wait.is_none() {
                    preference.wait = Some(seconds(value.unwrap_or_default())?);
                }
            }
        }
        Ok(preference)
    }
}

fn seconds(value: &[u8]) -> Result<Duration, BadPreference> {
    let bare = unquoted(value);
    if bare.is_empty() || !bare.iter().all(u8::is_ascii_digit) {
        return Err(BadPreference);
    }
    // More digits than fit into a number mean longer than anybody may wait; the caller of this reports the bound.
    let seconds =
        bare.iter().fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    Ok(Duration::from_secs(seconds))
}

fn unquoted(value: &[u8]) -> &[u8] {
    let value = value.trim_ascii();
    value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value)
}

/// `wait` is not a number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`wait` in Prefer is a number of seconds, such as `Prefer: wait=10`")]
pub struct BadPreference;

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(values: &[&str]) -> Result<Preference, BadPreference> {
        Preference::parse(values.iter().map(|value| value.as_bytes()))
    }

    #[test]
    fn wait_and_respond_async_are_read_however_they_are_written() {
        let both = Preference { wait: Some(Duration::from_secs(10)), respond_async: true };
        for values in [
            &["respond-async, wait=10"][..],
            &["respond-async", "wait=10"],
            &["wait = \"10\" , Respond-Async ; x=1"],
            &["handling=lenient, WAIT=10, wait=20, respond-async"],
        ] {
            assert_eq!(parsed(values), Ok(both), "{values:?}");
        }
        assert_eq!(parsed(&["respond-async=\"\", wait=10"]), Ok(both));
        assert_eq!(parsed(&[]), Ok(Preference::default()));
        assert_eq!(parsed(&[", ,"]), Ok(Preference::default()));
        // It was taken for a yes.
        assert_eq!(parsed(&["respond-async=false", "respond-async = ?0"]), Ok(Preference::default()));
    }

    #[test]
    fn a_wait_that_is_not_a_number_is_refused_and_a_long_one_is_long() {
        for value in ["wait", "wait=", "wait=-1", "wait=1.5", "wait=soon", "wait=\"\""] {
            assert_eq!(parsed(&[value]), Err(BadPreference), "{value}");
        }
        let long = parsed(&["wait=99999999999999999999999999"]).unwrap();
        assert_eq!(long.wait, Some(Duration::from_secs(u64::MAX)));
    }
}
