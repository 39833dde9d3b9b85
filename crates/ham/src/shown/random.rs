//! Which words look like a key or a digest.

/// What parts words.
pub(super) fn is_between(letter: char) -> bool {
    letter.is_whitespace() || "\"'`,;".contains(letter)
}

/// Base64 has slashes in it, as paths have.
pub(super) fn may_be_secret(run: &str) -> bool {
    if run.contains(['+', '=']) { is_random(run) } else { run.split('/').any(is_random) }
}

/// Whether it is long, and has capitals, small letters and digits, or is all of one piece with digits or capitals in it.
fn is_random(word: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| word.as_bytes().iter().any(kind);
    let is_mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
    let is_one_piece = |part: &str| {
        part.len() > LONGEST_SHOWN
            && part.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    };
    word.len() > LONGEST_SHOWN && (is_mixed || word.split(['-', '_']).any(is_one_piece))
}

/// What stands for what is not shown.
pub(super) const HIDDEN: &str = "…";
/// Bytes of a word. A key of a gateway has 43 behind its id, a digest 64, the seed of an nkey 58, a token of a conductor 88.
pub(super) const LONGEST_SHOWN: usize = 24;
