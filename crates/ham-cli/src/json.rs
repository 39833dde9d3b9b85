//! JSON to MessagePack and back, without loss or with a refusal.
//!
//! | MessagePack | JSON |
//! |---|---|
//! | nil, boolean, string, array | the same |
//! | integers | whole numbers from -2⁶³ to 2⁶⁴-1, exactly |
//! | floats | numbers with a point or an exponent; single precision is widened, which is exact |
//! | a binary that is a valid Holochain hash | `{"$hash": "uhC…"}` |
//! | any other binary | `{"$bytes": "base64"}` |
//! | a map whose keys are different strings | an object, its keys in the same order |
//!
//! Everything else has no JSON: other keys, a key twice, extension types, NaN and the infinities, strings that are no
//! UTF-8, a map with the one key `$hash` or `$bytes`, and what is nested deeper than [`MAX_DEPTH`].

mod layout;
mod read;
mod write;

pub(crate) use layout::laid_out;
pub(crate) use read::payload;
pub(crate) use write::shown;

/// The key that marks a Holochain hash.
const HASH: &str = "$hash";
/// The key that marks other bytes.
const BYTES: &str = "$bytes";
/// The deepest nesting, either way: serde_json stops at 128.
pub(crate) const MAX_DEPTH: usize = 100;

/// Whether the bytes are a Holochain hash: a known type, and a location that fits the hash.
pub(crate) fn is_hash(bytes: &[u8]) -> bool {
    let [0x84, kind, 0x24, rest @ ..] = bytes else { return false };
    let Some((core, location)) = rest.split_at_checked(holo_hash::HOLO_HASH_CORE_LEN) else { return false };
    HASH_TYPES.contains(kind)
        && location.len() == holo_hash::HOLO_HASH_LOC_LEN
        && holo_hash::encode::holo_dht_location_bytes(core) == location
}

/// The second byte of a hash's prefix: agent, entry, op, action, wasm, inline, warrant, DNA, external.
const HASH_TYPES: [u8; 9] = [0x20, 0x21, 0x24, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2f];

#[cfg(test)]
mod tests;
