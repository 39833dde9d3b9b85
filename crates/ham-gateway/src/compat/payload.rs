//! A payload: JSON in base64url.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ham_json::{Dialect, to_messagepack};

use super::refusal::Refusal;

/// As MessagePack. An absent payload is nil.
pub(super) fn payload(encoded: Option<&str>) -> Result<Vec<u8>, Refusal> {
    let Some(encoded) = encoded else { return Ok(NIL.to_vec()) };
    let decoded = BASE64.decode(encoded).map_err(|_| Refusal::malformed("Invalid base64 encoding"))?;
    let json = std::str::from_utf8(&decoded).ok();
    let payload = json.and_then(|json| to_messagepack(json, Dialect::Plain).ok());
    payload.ok_or_else(|| Refusal::malformed("Invalid JSON value"))
}

/// With or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const NIL: [u8; 1] = [0xc0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_base64_is_taken_with_or_without_padding() {
        let of = |encoded| payload(encoded).map_err(|refusal| refusal.to_string());
        assert_eq!(of(None).unwrap(), [0xc0]);
        for encoded in ["bnVsbA==", "bnVsbA"] {
            assert_eq!(of(Some(encoded)).unwrap(), [0xc0], "{encoded}");
        }
        // `[1,2]`, which functions that take bytes read as bytes.
        assert_eq!(of(Some("WzEsMl0")).unwrap(), [0x92, 1, 2]);
        let malformed = |why| Err(format!("Request is malformed: {why}"));
        // `null` in the alphabet that is not for addresses, and plain text.
        for encoded in ["$%&#", "{\"field\":false}", "/+8="] {
            assert_eq!(of(Some(encoded)), malformed("Invalid base64 encoding"), "{encoded}");
        }
        // Nothing, `{invalid}`, and bytes that are not UTF-8.
        for encoded in ["", "e2ludmFsaWR9", "_w"] {
            assert_eq!(of(Some(encoded)), malformed("Invalid JSON value"), "{encoded}");
        }
    }
}
