//! Reads what a client or a guest sent.

use holochain_serialized_bytes::SerializedBytesError;
use holochain_wasmer_common::{WasmError, wasm_error};
use serde::de::DeserializeOwned;

/// Reads a value, no deeper than [`MAX_DEPTH`]. `rmp_serde` reads 1024 levels by recursion, even of values that it ignores: in a
/// build that is not optimised this overflows the stack, which ends the process.
///
/// # Errors
/// It is another value, or nested more deeply.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, SerializedBytesError> {
    let mut decoder = rmp_serde::Deserializer::from_read_ref(bytes);
    decoder.set_max_depth(MAX_DEPTH);
    T::deserialize(&mut decoder)
        .map_err(|error| SerializedBytesError::Deserialize(without_value(&error.to_string())))
}

/// The text of a `serde` error without the value it quotes, which may be a secret that was sent as the wrong type.
fn without_value(error: &str) -> String {
    let parts =
        error.split_once(" \"").and_then(|(kind, rest)| Some((kind, rest.rsplit_once("\", expected ")?.1)));
    parts.map_or_else(|| error.to_owned(), |(kind, wanted)| format!("{kind}, expected {wanted}"))
}

/// What a guest or its caller is told about bytes that are not what they should be. The text is bounded: it repeats the unexpected value.
pub(crate) fn undecodable(error: SerializedBytesError) -> WasmError {
    let SerializedBytesError::Deserialize(mut text) = error else { return wasm_error!(error) };
    if text.len() > MAX_REPEATED {
        text.truncate(text.floor_char_boundary(MAX_REPEATED));
        text.push('…');
    }
    wasm_error!(SerializedBytesError::Deserialize(text))
}

/// Levels of a value; apart from the properties of a DNA, no value has twenty.
const MAX_DEPTH: usize = 128;

/// How many bytes an error repeats.
const MAX_REPEATED: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_does_not_repeat_the_text_it_found() {
        let found = "invalid type: string \"my \\\"secret\\\", x\", expected a byte array";
        assert_eq!(without_value(found), "invalid type: string, expected a byte array");
        let other = "invalid length 3, expected 32";
        assert_eq!(without_value(other), other);
    }

    #[test]
    fn a_value_is_read_to_a_depth() {
        let nested = |depth| [vec![0x91; depth], vec![0xc0]].concat();
        let ignoring = |depth| [b"\x81\xa1x".to_vec(), nested(depth)].concat();
        decode::<serde::de::IgnoredAny>(&nested(100)).unwrap();
        for depth in [200, 1000, 100_000] {
            decode::<serde::de::IgnoredAny>(&nested(depth)).unwrap_err();
            #[derive(serde::Deserialize)]
            struct Empty {}
            assert!(decode::<Empty>(&ignoring(depth)).is_err());
        }
    }
}
