//! What binaries are in JSON, and how deep it nests.

/// What a binary is in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// `{"$hash": "uhC…"}` or `{"$bytes": "base64"}`; read as it is written.
    #[default]
    Marked,
    /// An array of numbers. Marks are ordinary objects.
    Plain,
}

/// The deepest nesting, either way: serde_json stops at 128.
pub const MAX_DEPTH: usize = 100;

/// The key that marks a Holochain hash.
pub(crate) const HASH: &str = "$hash";
/// The key that marks other bytes.
pub(crate) const BYTES: &str = "$bytes";
