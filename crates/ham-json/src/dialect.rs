//! How binaries appear in JSON, and how deep it nests.

/// How binaries appear in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// `{"$hash": "uhC…"}` or `{"$bytes": "base64"}`; read in the same form.
    #[default]
    Marked,
    /// An array of numbers. Marks are ordinary objects.
    Plain,
}

/// The deepest nesting, in both directions: serde_json stops at 128.
pub const MAX_DEPTH: usize = 100;

/// The key that marks a Holochain hash.
pub(crate) const HASH: &str = "$hash";
/// The key that marks other bytes.
pub(crate) const BYTES: &str = "$bytes";
