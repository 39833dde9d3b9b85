//! The NATS server, and what goes over it.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::fault::Fault;
use super::span;

/// The NATS server, and what goes over it. Secrets are named by their files.
///
/// # Defaults
/// Without `urls` nothing goes over NATS; the rest as each field says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Nats {
    /// The servers of one cluster, `nats://` or `tls://`, without secrets in them. If empty, NATS is not used.
    pub urls: Vec<Url>,
    /// The file with a JWT and its seed, for its owner only.
    pub credentials_file: Option<PathBuf>,
    /// The file with the seed of an nkey, for its owner only.
    pub nkey_file: Option<PathBuf>,
    /// The file with a token, for its owner only.
    pub token_file: Option<PathBuf>,
    /// The user name; with `password_file`.
    pub user: Option<String>,
    /// The file with that user's password, for its owner only.
    pub password_file: Option<PathBuf>,
    /// The PEM file of the authorities that are trusted instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// What all subjects begin with: `ham`.
    pub prefix: String,
    /// Whether blocks, events and gaps are published: true.
    pub publish: bool,
    /// The stream that they go to: `HAM`.
    pub stream: String,
    /// Whether a missing stream is created: true. An existing one is never changed.
    pub create_stream: bool,
    /// Bytes of a created stream: 1 GiB. The oldest messages give way.
    pub stream_bytes: u64,
    /// How long a created stream keeps a message: 7 days. Zero means for ever.
    #[serde(with = "span")]
    pub stream_age: Duration,
    /// Servers that keep a created stream: 1, at most 5.
    pub stream_replicas: usize,
    /// How long an acknowledgement may take: 5 s. Then the message is sent again.
    #[serde(with = "span")]
    pub acknowledge_within: Duration,
    /// Whether calls are taken: true.
    pub calls: bool,
    /// The id of the key for calls that show none; without it such calls are refused.
    pub calls_as: Option<String>,
    /// Calls that are made at a time: 256. A further one is refused.
    pub calls_at_a_time: usize,
}

impl Default for Nats {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            credentials_file: None,
            nkey_file: None,
            token_file: None,
            user: None,
            password_file: None,
            ca_file: None,
            prefix: "ham".to_owned(),
            publish: true,
            stream: "HAM".to_owned(),
            create_stream: true,
            stream_bytes: 1 << 30,
            stream_age: Duration::from_secs(7 * 24 * 60 * 60),
            stream_replicas: 1,
            acknowledge_within: Duration::from_secs(5),
            calls: true,
            calls_as: None,
            calls_at_a_time: 256,
        }
    }
}

impl Nats {
    /// At these servers, with defaults for everything else.
    #[must_use]
    pub fn at(urls: impl IntoIterator<Item = Url>) -> Self {
        Self { urls: urls.into_iter().collect(), ..Self::default() }
    }

    /// Whether anything goes over NATS.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.urls.is_empty()
    }

    /// Everything that is wrong with it. The files that it names are not read.
    #[must_use]
    pub fn check(&self) -> Vec<Fault> {
        if !self.is_on() {
            return Vec::new();
        }
        let is_name = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        let ways = [&self.credentials_file, &self.nkey_file, &self.token_file, &self.password_file];
        let urls_are = |right: fn(&Url) -> bool| self.urls.iter().all(right);
        let checks = [
            (
                cfg!(feature = "nats"),
                "nats.urls",
                "this build has no NATS: it was built without the feature `nats`",
            ),
            (
                urls_are(|url| ["nats", "tls"].contains(&url.scheme()) && url.has_host()),
                "nats.urls",
                "each must be a nats:// or tls:// address",
            ),
            (
                urls_are(|url| url.username().is_empty() && url.password().is_none()),
                "nats.urls",
                "addresses must not contain secrets: put them into a file and name it",
            ),
            (
                ways.iter().filter(|way| way.is_some()).count() <= 1,
                "nats.credentials_file",
                "only one way to log in is allowed: credentials_file, nkey_file, token_file, or user with password_file",
            ),
            (
                self.user.is_some() == self.password_file.is_some(),
                "nats.user",
                "it must be set together with password_file",
            ),
            (
                self.prefix.split('.').all(is_name),
                "nats.prefix",
                "it may have letters, digits, `-` and `_`, with dots between them",
            ),
            (is_name(&self.stream), "nats.stream", "it may have letters, digits, `-` and `_`"),
            ((1..=5).contains(&self.stream_replicas), "nats.stream_replicas", "it must be from 1 to 5"),
            (
                self.stream_bytes >= 1 << 20 && i64::try_from(self.stream_bytes).is_ok(),
                "nats.stream_bytes",
                "it must be at least 1 MiB",
            ),
            (
                self.stream_age.is_zero() || self.stream_age >= DUPLICATES_WITHIN,
                "nats.stream_age",
                "it must be at least 2 minutes, or 0s for ever",
            ),
            (!self.acknowledge_within.is_zero(), "nats.acknowledge_within", "it must not be zero"),
            (self.calls_at_a_time > 0, "nats.calls_at_a_time", "it must be at least 1"),
        ];
        checks.into_iter().filter(|(right, ..)| !right).map(|(_, key, why)| Fault::new(key, why)).collect()
    }
}

/// How long a created stream recognises duplicates: 2 minutes, NATS's own default.
pub(crate) const DUPLICATES_WITHIN: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(change: impl FnOnce(&mut Nats)) -> Vec<&'static str> {
        let mut nats = Nats::at(["nats://localhost:4222".parse().unwrap()]);
        change(&mut nats);
        let faults = nats.check().into_iter().filter(|fault| !fault.why.starts_with("this build"));
        faults.map(|fault| fault.key).collect()
    }

    #[test]
    fn what_cannot_work_is_named() {
        assert_eq!(faults(|_| ()), [""; 0]);
        assert_eq!(faults(|nats| nats.urls = vec!["http://x".parse().unwrap()]), ["nats.urls"]);
        assert_eq!(faults(|nats| nats.urls = vec!["nats://u:p@x".parse().unwrap()]), ["nats.urls"]);
        assert_eq!(faults(|nats| nats.user = Some("u".into())), ["nats.user"]);
        assert_eq!(faults(|nats| nats.prefix = "ham.>".into()), ["nats.prefix"]);
        assert_eq!(faults(|nats| nats.stream = "a.b".into()), ["nats.stream"]);
        assert_eq!(faults(|nats| nats.stream_age = Duration::from_secs(1)), ["nats.stream_age"]);
        let two = |nats: &mut Nats| {
            nats.nkey_file = Some("a".into());
            nats.token_file = Some("b".into());
        };
        assert_eq!(faults(two), ["nats.credentials_file"]);
        assert_eq!(Nats { stream: String::new(), ..Nats::default() }.check(), []);
    }
}
