//! Which words look like a key, a token or a digest.

/// The characters that separate words.
pub(super) fn is_between(letter: char) -> bool {
    letter.is_whitespace() || "\"'`,;".contains(letter)
}

/// The characters of a key; `+` and `/` are base64's.
pub(super) fn is_of_key(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_-+/".contains(letter)
}

/// Whether it is a key of a known kind, or longer than names are and as mixed as random letters. A hash of Holochain,
/// or text that begins as one, is public.
pub(super) fn may_be_key(run: &str) -> bool {
    let begins = |at: &usize| *at == 0 || !run.as_bytes()[at - 1].is_ascii_alphanumeric();
    let may_be = match run.match_indices("uhC").map(|(at, _)| at).find(begins) {
        Some(at) => is_random(&run[..at]) || run.get(at + HASH..).is_some_and(is_random),
        None => is_random(run),
    };
    may_be || run.split('/').any(is_of_known_kind)
}

/// A gateway's key, or the seed of an nkey, in any case: hosts are read in lower case.
pub(super) fn is_of_known_kind(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let is_seed = |rest: &str| {
        word.len() == SEED
            && rest.starts_with(['u', 'a', 'n', 'c', 'o', 'x'])
            && rest.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
    };
    (word.starts_with("ham_") && word.len() > LONGEST_NAME) || word.strip_prefix('s').is_some_and(is_seed)
}

/// Letters and digits that form the words of a name have more letters per word: `MyApp2026` has three words. Pieces
/// that mix capitals with small letters are examined together, because base64 contains separators; each of the others,
/// such as a piece of a UUID, is examined by itself.
fn is_random(run: &str) -> bool {
    let pieces = run.split(|letter: char| !letter.is_ascii_alphanumeric());
    let (mixed, plain): (Vec<&str>, Vec<&str>) = pieces.partition(|piece| is_mixed(piece));
    let is_dense = |piece: &str, least: usize| piece.len() > LONGEST && words(piece.as_bytes()) > least;
    let mixed = mixed.concat();
    is_dense(&mixed, mixed.len() / 4 + 2)
        || plain.iter().any(|piece| is_dense(piece, piece.len() / 5 + 1) && !is_ulid(piece))
}

/// The words of camel case: `HTTPServer2` has three.
fn words(letters: &[u8]) -> usize {
    let kind = |byte: &u8| (byte.is_ascii_uppercase(), byte.is_ascii_digit());
    let begins = |nth: usize| {
        let (before, here) = (kind(&letters[nth - 1]), kind(&letters[nth]));
        let small_next = letters.get(nth + 1).is_some_and(u8::is_ascii_lowercase);
        match (before, here) {
            ((true, _), (true, _)) => small_next,
            ((true, _), (false, false)) => false,
            _ => before != here,
        }
    };
    1 + (1..letters.len()).filter(|nth| begins(*nth)).count()
}

pub(super) fn is_mixed(piece: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| piece.as_bytes().iter().any(kind);
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)
}

/// Of this millennium. It is an id, and public.
fn is_ulid(piece: &str) -> bool {
    piece.len() == ULID
        && piece.starts_with('0')
        && !piece.contains(|letter: char| letter.is_ascii_lowercase())
}

/// The replacement for hidden text.
pub(super) const HIDDEN: &str = "…";
/// The most letters of a name or an id: an id of MongoDB has 24 hexadecimal digits. A key of 144 bits or less in base64 is no
/// longer than that, either.
const LONGEST: usize = 24;
/// The most letters of a name that begins like a gateway's key, which has 54.
const LONGEST_NAME: usize = 40;
const SEED: usize = 58;
const HASH: usize = 53;
const ULID: usize = 26;
