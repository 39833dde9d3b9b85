//! What cannot work.

use std::time::Duration;

/// A setting that cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The shortest pause is longer than the longest one.
    #[error("the shortest reconnect delay, {min:?}, is longer than the longest, {max:?}")]
    DelaysSwapped {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// The token cannot go into a header.
    #[error("the token holds characters that a header cannot hold")]
    InvalidToken,
    /// The URL is not a `ws://` or `wss://` URL with a host. It is not quoted: it can hold a token.
    #[error("the URL is not a ws:// or wss:// URL with a host")]
    InvalidUrl,
    /// It must not be zero.
    #[error("{setting} must not be zero")]
    Zero {
        /// The setting's name.
        setting: &'static str,
    },
}
