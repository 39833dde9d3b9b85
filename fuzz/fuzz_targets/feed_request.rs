//! No text of a client panics.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = ham_feed::server::decode_request(text);
});
