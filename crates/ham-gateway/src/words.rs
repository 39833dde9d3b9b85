//! The words for an error: each cause once, and no more than a person reads.

use std::error::Error;

/// The error and what caused it, each said once.
pub(crate) fn of(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        source = cause.source();
    }
    cut(words, MOST)
}

/// The beginning of the words, at most this many bytes: a zome may say as much as it likes, and repeat what it was sent.
pub(crate) fn cut(mut words: String, most: usize) -> String {
    if words.len() > most {
        words.truncate(words.floor_char_boundary(most.saturating_sub(MORE.len())));
        words.push_str(MORE);
    }
    words
}

/// Bytes of an error's words.
const MOST: usize = 16 << 10;
const MORE: &str = "…";

#[cfg(test)]
mod tests {
    use super::*;

    /// An error that quoted its payload was as long as the payload.
    #[test]
    fn long_words_are_cut_between_letters() {
        assert_eq!(cut("äöü".into(), 6), "äöü");
        assert_eq!(cut("äöüß".into(), 7), "äö…");
        assert_eq!(cut("abc".into(), 1), "…");
        let long = std::io::Error::other("x".repeat(1 << 20));
        assert_eq!(of(&long).len(), MOST);
    }
}
