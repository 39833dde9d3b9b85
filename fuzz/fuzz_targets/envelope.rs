//! No text panics, and what can be read can be written and read again.

#![no_main]

use ham_envelope::Envelope;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(envelope) = Envelope::from_json(text) {
        let written = envelope.to_json().expect("what was read has a kind");
        assert_eq!(Envelope::from_json(&written).expect("it was just written"), envelope);
    }
});
