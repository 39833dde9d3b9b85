//! What is never written to standard error: words of the command line and of the settings that may be secrets in the wrong place. A
//! conductor, a parser or a log line may repeat them, whatever ham itself says.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The words, each with how it is shown; the longest first, because a shorter one may be a part of it.
static HIDDEN: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// From now on these are written as they may be shown. Paths that lead somewhere and hashes are written as they are, and so is what a zome is
/// given: JSON, or words. Who develops the zome has to read what it says of them.
pub(crate) fn hide<'a>(words: impl IntoIterator<Item = &'a str>) {
    let mut hidden = HIDDEN.lock().unwrap_or_else(PoisonError::into_inner);
    for word in words {
        // `--flag=VALUE`, or one like `ROLE=FILE`.
        let (name, value) = word.split_once('=').unzip();
        let whole = name.is_none_or(|name| !name.starts_with("--")).then_some(word);
        hidden.extend(whole.into_iter().chain(value).filter_map(shown));
    }
    hidden.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
}

/// What is written in place of this.
pub(crate) fn without(bytes: &[u8]) -> Cow<'_, [u8]> {
    let hidden = HIDDEN.lock().unwrap_or_else(PoisonError::into_inner);
    if hidden.is_empty() {
        return Cow::Borrowed(bytes);
    }
    let mut text = String::from_utf8_lossy(bytes);
    for (word, shown) in &*hidden {
        if text.contains(word) {
            text = text.replace(word, shown).into();
        }
    }
    Cow::Owned(text.into_owned().into_bytes())
}

fn shown(word: &str) -> Option<(String, String)> {
    let path = word.strip_prefix('@').unwrap_or(word);
    let is_hash = holo_hash::encode::holo_hash_decode_unchecked(word).is_ok();
    let is_given = word.starts_with(['"', '{', '[']) || word.contains(char::is_whitespace);
    if word.len() < SHORTEST || is_given || is_hash || Path::new(path).exists() {
        return None;
    }
    let shown = ham::masked(word);
    (shown != word).then(|| (word.to_owned(), shown))
}

/// Bytes of a word: a shorter one would be found in any text.
const SHORTEST: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    /// Case: what a zome said of its argument was changed: `mail … for help`, `https://shop.example` for `https://shop.example/orders/7`.
    #[test]
    fn what_a_zome_is_given_is_written_as_it_is() {
        for word in [
            "\"mail admin@shop.example for help\"",
            "{\"at\":\"https://shop.example/orders/7\"}",
            "to a@b.example",
        ] {
            assert_eq!(shown(word), None);
        }
    }

    #[test]
    fn what_may_be_a_secret_is_hidden_wherever_it_stands() {
        const KEY: &str = "ham_7QK2AB_q3Zr0bT5w8Yc1Xe4Uh7Kj9Ln2Mp6Rs0Vt3Wz5Ab8";
        let flag = format!("--app-id={KEY}");
        hide([KEY, &flag, "ws://user:hunter2@shop.example:1/", "@", "info", env!("CARGO_MANIFEST_DIR")]);
        let told = format!(
            "no {KEY:?} at ws://user:hunter2@shop.example:1/, {flag} @ {}",
            env!("CARGO_MANIFEST_DIR")
        );
        let written = String::from_utf8(without(told.as_bytes()).into_owned()).unwrap();
        assert_eq!(
            written,
            format!("no \"…\" at ws://shop.example:1, --app-id=… @ {}", env!("CARGO_MANIFEST_DIR"))
        );
    }
}
