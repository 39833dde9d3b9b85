//! Which servers to trust on `wss://`.

use std::path::PathBuf;

use ham_session::TlsConfig;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::values::Values;
use crate::failure::Failure;
use crate::input;

/// Which servers to trust on `wss://`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The public authorities.
    #[default]
    Public,
    /// The authorities in this file.
    Authorities(PathBuf),
    /// The certificates with these SHA-256 digests.
    Pinned(Vec<[u8; 32]>),
}

impl Trust {
    /// What is set.
    pub(super) fn new(values: &Values) -> Result<Self, Failure> {
        match (values.text("ca"), values.parsed("pin", PIN, pins)?) {
            (None, None) => Ok(Self::Public),
            (Some(file), None) => Ok(Self::Authorities(file.into())),
            (None, Some(pins)) => Ok(Self::Pinned(pins)),
            (Some(_), Some(_)) => Err(Failure::usage(
                format!("both {} and {} say whom to trust", values.place("ca"), values.place("pin")),
                "use only one of them: a pinned certificate needs no authority",
            )),
        }
    }

    /// For the session layer. Reads the file.
    pub(crate) fn tls(&self) -> Result<TlsConfig, Failure> {
        let file = match self {
            Self::Public => return Ok(TlsConfig::public_roots()),
            Self::Pinned(pins) => return Ok(TlsConfig::pinned(pins.iter().copied())),
            Self::Authorities(file) => file,
        };
        let wrong = |why: &str| {
            Failure::usage(
                format!("{} {why}", file.display()),
                "--ca (or HAM_CA) names a file of PEM certificates: -----BEGIN CERTIFICATE-----",
            )
        };
        let text = input::file(file, input::MAX_SETTINGS)?;
        let roots: Vec<_> = CertificateDer::pem_slice_iter(&text)
            .collect::<Result<_, _>>()
            .map_err(|_| wrong("is not valid PEM"))?;
        if roots.is_empty() {
            return Err(wrong("has no certificate in it"));
        }
        TlsConfig::roots(roots).map_err(|_| wrong("has a certificate that cannot be an authority"))
    }
}

const PIN: &str = "the SHA-256 fingerprint of a certificate: 64 hexadecimal digits, with or without colons";

/// Fingerprints in the format that tools print, separated by commas.
fn pins(text: &str) -> Option<Vec<[u8; 32]>> {
    text.split(',').map(|pin| digest(pin.trim())).collect()
}

fn digest(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text.chars().filter(|c| *c != ':').map(nibble).collect::<Option<_>>()?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    bytes.try_into().ok()
}

fn nibble(digit: char) -> Option<u8> {
    digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_as_tools_print_them() {
        let plain = "0f".repeat(32);
        let colons = ["0F"; 32].join(":");
        assert_eq!(pins(&plain), Some(vec![[15; 32]]));
        assert_eq!(pins(&format!("{colons}, {plain}")), Some(vec![[15; 32]; 2]));
        for wrong in ["", "0f", &plain[1..], &format!("{plain}0"), &format!("{plain},"), &"0g".repeat(32)] {
            assert_eq!(pins(wrong), None, "{wrong}");
        }
    }
}
