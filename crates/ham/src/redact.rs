//! Secrets never reach an error, a log line or a `Debug`.

use std::fmt;

use zeroize::Zeroizing;

/// What is printed in place of a secret.
pub const REDACTED: &str = "<redacted>";

/// Bytes that are zeroed when dropped and never printed: tokens, capability secrets, key seeds.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes ownership of the bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves, for the wire or the signer.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

/// How conductors render a capability secret inside an error text (read in `holochain` 0.7.1: the refusal of a zome
/// call formats `cap secret {:?}`).
const MARKER: &str = "cap secret ";

/// Removes capability secrets from a text that came from a conductor.
pub(crate) fn conductor_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(MARKER) {
        let (before, after) = rest.split_at(at + MARKER.len());
        out.push_str(before);
        rest = match secret_len(after) {
            Some(len) => {
                out.push_str(REDACTED);
                &after[len..]
            }
            None => after,
        };
    }
    out.push_str(rest);
    out
}

/// The length of the rendered secret at the start of `text`; `None` if there is none (`None`, or prose). An unclosed opening bracket
/// counts to the end: better a lost tail than a leaked secret.
fn secret_len(text: &str) -> Option<usize> {
    if text.starts_with("None") {
        return None;
    }
    let open = if text.starts_with("Some(") { "Some".len() } else { 0 };
    if !text[open..].starts_with(['(', '[']) {
        return Some(text.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(text.len()));
    }
    let mut depth = 0_usize;
    for (at, c) in text.char_indices().skip(open) {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    Some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let secret = Secret::new(b"hunter2".to_vec());
        assert_eq!(format!("{secret:?}"), REDACTED);
    }

    #[test]
    fn every_rendering_of_a_capability_secret_is_removed() {
        for rendered in ["Some(7a1d00ff)", "Some(CapSecret([1, 2, 3]))", "[1, 2, 3]", "7a1d00ff", "Some(7a1d"]
        {
            let text = format!("reason BadCapGrant, cap secret {rendered}, to call f");
            let shown = conductor_text(&text);
            assert!(shown.starts_with("reason BadCapGrant, cap secret <redacted>"), "{shown}");
            assert!(!shown.contains("7a1d") && !shown.contains("1, 2"), "{shown}");
        }
    }

    #[test]
    fn text_without_a_secret_is_untouched() {
        for text in ["cap secret None to call", "", "plain"] {
            assert_eq!(conductor_text(text), text);
        }
    }
}
