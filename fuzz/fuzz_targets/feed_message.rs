//! No text of a server panics.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = ham_feed::decode_message(text);
});
