//! Holochain's hashes, as bytes and as text.

use holo_hash::{HOLO_HASH_CORE_LEN, HOLO_HASH_LOC_LEN, HoloHash, PrimitiveHashType};

/// Whether the bytes are a Holochain hash: a known type, and a location that matches the hash.
#[must_use]
pub fn is_hash(bytes: &[u8]) -> bool {
    let [0x84, kind, 0x24, rest @ ..] = bytes else { return false };
    let Some((core, location)) = rest.split_at_checked(HOLO_HASH_CORE_LEN) else { return false };
    HASH_TYPES.contains(kind)
        && location.len() == HOLO_HASH_LOC_LEN
        && holo_hash::encode::holo_dht_location_bytes(core) == location
}

/// The hash in a text of 53 characters that begins with `u`; `None` if it is not a hash of this type.
#[must_use]
pub fn hash<T: PrimitiveHashType>(text: &str) -> Option<HoloHash<T>> {
    // Unchecked at first: a text that does not have the 53 characters of its kind is a typing mistake, not a hash.
    let bytes = holo_hash::encode::holo_hash_decode_unchecked(text).ok()?;
    HoloHash::try_from_raw_39(bytes).ok()
}

/// The second byte of a hash's prefix: agent, entry, op, action, wasm, inline, warrant, DNA, external.
pub(crate) const HASH_TYPES: [u8; 9] = [0x20, 0x21, 0x24, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2f];
