//! No message of a client panics on the embedded conductor, whatever it carries.

#![no_main]

use ham_devconductor::decoding::message;
use holochain_websocket::WireMessage;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    message(data);
    // Lengths around what is damaged would have to be guessed; these are right.
    for envelope in [
        WireMessage::Request { id: 1, data: data.to_vec() },
        WireMessage::Authenticate { data: data.to_vec() },
    ] {
        message(&rmp_serde::to_vec_named(&envelope).expect("bytes"));
    }
});
