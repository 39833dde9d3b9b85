//! What looks like a key, measured: on random keys of every kind, and on the names in this repository.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ham_session::masked;
use ring::digest::{SHA256, SHA512, digest};

const KEYS: u32 = 100_000;

/// How many of these keys are shown. Their bytes are digests of their numbers.
fn missed(written: impl Fn(&[u8]) -> String) -> usize {
    let random = |nth: u32| digest(&SHA512, &nth.to_le_bytes());
    (0..KEYS).map(|nth| written(random(nth).as_ref())).filter(|key| masked(key) == *key).count()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

#[test]
fn keys_are_hidden() {
    let told = [
        (
            "a gateway's",
            missed(|bytes| format!("ham_{}_{}", base32(&bytes[..6]), URL_SAFE_NO_PAD.encode(&bytes[6..38]))),
        ),
        ("an nkey's seed", missed(|bytes| format!("SU{}", base32(&bytes[..56])))),
        ("64 bytes in base64", missed(|bytes| STANDARD.encode(bytes))),
        ("32 bytes in base64", missed(|bytes| STANDARD.encode(&bytes[..32]))),
        ("32 bytes in base64 without padding", missed(|bytes| STANDARD_NO_PAD.encode(&bytes[..32]))),
        ("32 bytes in base64 of URLs", missed(|bytes| URL_SAFE_NO_PAD.encode(&bytes[..32]))),
        ("24 bytes in base64", missed(|bytes| STANDARD.encode(&bytes[..24]))),
        ("32 bytes in hexadecimal digits", missed(|bytes| hex(&bytes[..32]))),
        ("16 bytes in hexadecimal digits", missed(|bytes| hex(&bytes[..16]))),
    ];
    // None of those that ham itself makes, few of the others: what is short looks like a name more often.
    let missed = told.map(|(_, missed)| missed);
    assert_eq!(missed, [0, 0, 0, 51, 51, 51, 2_414, 4, 320], "{told:?}");
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in directory.read_dir().unwrap().map(Result::unwrap) {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Case: names with capitals and digits in them were hidden, and so were paths that have one.
#[test]
fn names_are_shown() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut paths = Vec::new();
    for entry in crates.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
        ["src", "tests"]
            .map(|part| entry.join(part))
            .iter()
            .filter(|part| part.is_dir())
            .for_each(|part| files(part, &mut paths));
    }
    let mut names: BTreeSet<String> = paths.iter().map(|path| path.display().to_string()).collect();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|has| has == "rs")) {
        let text = std::fs::read_to_string(path).unwrap();
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        for kind in ["fn ", "struct ", "enum ", "trait ", "type ", "const ", "static ", "mod ", "let "] {
            let behind = text.split(kind).skip(1);
            names.extend(behind.map(|rest| rest.split(|letter| !is_name(letter)).next().unwrap().to_owned()));
        }
    }
    assert!(names.len() > 5_000, "{}", names.len());
    let hidden: Vec<_> = names.iter().filter(|name| masked(name) != **name).collect();
    assert!(hidden.is_empty(), "{hidden:#?}");
}
