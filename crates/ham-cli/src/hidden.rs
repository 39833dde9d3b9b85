//! What is never written to standard error: keys and credentials among the words of the command line and the settings.
//! Whatever ham itself prints, a conductor, a parser or a library may repeat them.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

/// Texts to replace, each with its replacement; the longest first, because a shorter one may be a part of it.
static HIDDEN: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// From now on, possible secrets in these words are written in masked form. Arguments for a zome are not among them: a
/// developer of the zome has to be able to read what it says about them.
pub(crate) fn hide<'a>(words: impl IntoIterator<Item = &'a str>) {
    let mut hidden = HIDDEN.lock().unwrap_or_else(PoisonError::into_inner);
    for part in words.into_iter().flat_map(parts) {
        let shown = ham::masked(part);
        if shown != part {
            hidden.push((part.to_owned(), shown));
        }
    }
    hidden.sort_by_key(|(part, _)| std::cmp::Reverse(part.len()));
}

/// The bytes with those texts replaced.
pub(crate) fn without(bytes: &[u8]) -> Cow<'_, [u8]> {
    let hidden = HIDDEN.lock().unwrap_or_else(PoisonError::into_inner);
    if hidden.is_empty() {
        return Cow::Borrowed(bytes);
    }
    let mut text = String::from_utf8_lossy(bytes);
    for (part, shown) in &*hidden {
        if text.contains(part) {
            text = text.replace(part, shown).into();
        }
    }
    Cow::Owned(text.into_owned().into_bytes())
}

/// An address with more than a path, and anything that can be a key: with slashes, which base64 has, and without.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let address = (word.contains("://") && word.contains(['@', '?', '#'])).then_some(word);
    let runs = word.split(|letter: char| !letter.is_ascii_alphanumeric() && !"_-+/".contains(letter));
    address.into_iter().chain(runs.flat_map(|run| std::iter::once(run).chain(run.split('/'))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ham_7QK2AB_q3Zr0bT5w8Yc1Xe4Uh7Kj9Ln2Mp6Rs0Vt3Wz5Ab8";

    fn written(text: &str) -> String {
        String::from_utf8(without(text.as_bytes()).into_owned()).unwrap()
    }

    /// Case: a key with text before or after it was hidden only together with that text, and shown where it was
    /// repeated alone.
    #[test]
    fn what_may_be_a_secret_is_hidden_wherever_it_stands() {
        hide([
            "ws://user:hunter2@shop.example:1/",
            &format!("--app-id={KEY}"),
            &format!("/{KEY}"),
            &format!("{KEY}.0"),
        ]);
        let told = format!("no {KEY:?} at ws://user:hunter2@shop.example:1/, --app-id={KEY} /{KEY} {KEY}.0");
        assert_eq!(written(&told), "no \"…\" at ws://shop.example:1, --app-id=… … ….0");
    }

    /// Case: words of the command line vanished from all output: `https://shop.example` for `https://shop.example/orders/7`.
    #[test]
    fn words_that_are_no_secret_are_written_as_they_are() {
        let words = [
            "https://shop.example/orders/7",
            "alice@shop.example",
            "./target/MyApplication2026Something.happ",
            "internal-a1B2c3-1234567890abcdef.eu-west-1.elb.amazonaws.com",
            "uhC0kWCsAgoKkkfwyJAglj30xX_GLLV-3BXuFy436a2SqpcEwyBzm",
            env!("CARGO_MANIFEST_DIR"),
            "@",
            "info",
        ];
        hide(words);
        let told = words.join(" ");
        assert_eq!(written(&told), told);
    }
}
