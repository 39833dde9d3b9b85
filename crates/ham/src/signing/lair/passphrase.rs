//! Passphrases in locked memory.

use std::sync::{Arc, Mutex};

use lair_keystore_api::dependencies::sodoken::LockedArray;
use lair_keystore_api::types::SharedLockedArray;

/// Moves a passphrase into locked memory without its trailing line feeds: `holochain --piped` reads it the same way.
pub(super) fn lock_passphrase(mut passphrase: Vec<u8>) -> SharedLockedArray {
    while passphrase.last() == Some(&b'\n') {
        passphrase.pop();
    }
    Arc::new(Mutex::new(LockedArray::from(passphrase)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_line_feeds_are_stripped() {
        let read = |bytes: &[u8]| lock_passphrase(bytes.to_vec()).lock().unwrap().lock().to_vec();
        assert_eq!(read(b"pass\n\n"), b"pass");
        assert_eq!(read(b"pass\r\n"), b"pass\r");
    }
}
