//! What a person wrote, as it may be shown: what stands in the wrong place may be a secret.

use std::borrow::Cow;
use std::path::Path;

use url::Url;

/// An address without user, password, path, query and fragment.
#[must_use]
pub fn shown_url(url: &Url) -> String {
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

/// A value that a person wrote, or words that repeat one, as they may be shown: of an address as [`shown_url`] says. `…` stands for what
/// is meant as an address and cannot be read as one, and for a word that is as long and as mixed as a key or a digest, which names and
/// UUIDs are not.
#[must_use]
pub fn masked(text: &str) -> String {
    let is_between = |letter: char| letter.is_whitespace() || "\"'`,;".contains(letter);
    let text = without_user(text);
    let mut shown = String::with_capacity(text.len());
    for part in text.split_inclusive(is_between) {
        let word = part.trim_end_matches(is_between);
        shown.push_str(&masked_word(word));
        shown.push_str(&part[word.len()..]);
    }
    shown
}

/// A path that a person wrote: whole where it leads somewhere, and otherwise as [`masked`] shows it, because it may be a secret in the
/// wrong place. Asks the file system.
#[must_use]
pub fn masked_path(path: &Path) -> String {
    let text = path.display().to_string();
    if path.exists() { text } else { masked(&text) }
}

/// A password may have anything in it, so all goes that stands before the last `@` of an address.
fn without_user(text: &str) -> Cow<'_, str> {
    let user = text.rfind('@').and_then(|to| Some(text[..to].find("://")? + 3..to + 1));
    user.map_or(Cow::Borrowed(text), |user| [&text[..user.start], &text[user.end..]].concat().into())
}

fn masked_word(word: &str) -> String {
    let (scheme, rest) = word.split_once(':').unwrap_or(("", word));
    // Of the known ones, a URL is one without slashes, too.
    let is_address = rest.starts_with("//") || ["http", "https", "ws", "wss"].contains(&scheme);
    if is_address && !rest.trim_start_matches('/').is_empty() {
        return match Url::parse(word) {
            Ok(url) if url.has_host() => shown_url(&url),
            _ => HIDDEN.to_owned(),
        };
    }
    if word.contains('@') && !word.starts_with('/') {
        return HIDDEN.to_owned();
    }
    let is_between = |letter: char| !letter.is_ascii_alphanumeric() && !"_-+=/".contains(letter);
    let parts = word.split_inclusive(is_between).map(|part| {
        let run = part.trim_end_matches(is_between);
        [if may_be_secret(run) { HIDDEN } else { run }, &part[run.len()..]].concat()
    });
    parts.collect()
}

/// Base64 has slashes in it, as paths have.
fn may_be_secret(run: &str) -> bool {
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
const HIDDEN: &str = "…";
/// Bytes of a word. A key of a gateway has 43 behind its id, a digest 64, the seed of an nkey 58, a token of a conductor 88.
const LONGEST_SHOWN: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_masked() {
        for (text, shown) in [
            ("https://user:hush@shop.example:8443/hush?token=hush#hush", "https://shop.example:8443"),
            ("nats://hush@[::1]:4222", "nats://[::1]:4222"),
            ("ws://user:hu/s\"h hush@localhost:1 is no address", "ws://localhost:1 is no address"),
            ("http://user:hush:99999", "…"),
            ("ws:user:hush", "…"),
            ("user:hush@localhost", "…"),
            ("ham_7QK2AB_q3Zr0bT5w8Yc1Xe4Uh7Kj9Ln2Mp6Rs0Vt3Wz5Ab8", "…"),
            ("the id \"SUAM2N3O4P5Q6R7SUAM2N3O4P5Q6R7\" is", "the id \"…\" is"),
            ("/etc/q3Zr0bT5w8Yc1Xe4Uh7Kj9Ln2Mp6Rs0V.toml", "….toml"),
            ("q3Zr0bT5w8/c1Xe4Uh7Kj9/n2Mp6Rs0V==", "…"),
        ] {
            assert_eq!(masked(text), shown, "{text}");
        }
    }

    #[test]
    fn a_path_that_leads_somewhere_is_shown() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("TheGatewayOfTheOtherCompany2026");
        assert!(masked_path(&path).contains('…'));
        std::fs::write(&path, "").unwrap();
        assert_eq!(masked_path(&path), path.display().to_string());
    }

    #[test]
    fn names_addresses_and_paths_are_shown() {
        for text in [
            "it is a ws:// or wss:// address, such as \"https://shop.example\"",
            "http: no answer",
            "supply/*/transactions/get_all_of_them",
            "shop-of-the-other-company-v0.23.1 my-application-of-the-year-2026",
            "0192f3c4-5d6e-7f80-91a2-b3c4d5e6f708",
            "role.0/bridge-of-the-other-company/pay",
            "/home/me@work/with-a-long-name-of-small-letters/gateway.toml",
            "127.0.0.1:99999 [::1]:80 gateway.example",
            "",
        ] {
            assert_eq!(masked(text), text);
        }
    }
}
