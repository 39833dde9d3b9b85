//! The files that a configuration names: small ones, which are read again and again, so a pipe does not qualify.
//!
//! A single word that leads nowhere is not repeated: it may be the secret itself, and its key says which file it is.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ham::{Secret, masked_path};

/// A path as it may be shown.
pub(crate) fn shown(path: &Path) -> String {
    let is_word = path.components().count() == 1 && path.extension().is_none();
    if is_word && !path.exists() { "…".to_owned() } else { masked_path(path) }
}

/// The contents of a file.
///
/// # Errors
/// Why it cannot be used; never its contents.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    // Opening a pipe would wait for somebody to write into it.
    let metadata =
        std::fs::metadata(path).map_err(|error| format!("cannot read {}: {error}", shown(path)))?;
    if !metadata.is_file() {
        return Err(format!("{} is not a file", masked_path(path)));
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err(format!("cannot read {}: {error}", masked_path(path))),
        Ok(length) if length as u64 > MOST => {
            Err(format!("{} is larger than {MOST} bytes", masked_path(path)))
        }
        Ok(_) => Ok(bytes),
    }
}

/// The text of a file that only its owner may read.
///
/// # Errors
/// As for [`read`], or others can read it.
pub(crate) fn private(path: &Path) -> Result<String, String> {
    let text = text(path)?;
    match std::fs::metadata(path).ok().and_then(|metadata| ham::open_to_others(&metadata)) {
        Some(mode) => {
            let close = ham::how_to_close(path);
            Err(format!("{} is open to others (mode {mode:o}): {close}", masked_path(path)))
        }
        None => Ok(text),
    }
}

/// The words in a file that only its owner may read, without the surrounding blanks.
///
/// # Errors
/// As for [`private`], or the file is empty.
pub(crate) fn words(path: &Path) -> Result<String, String> {
    match private(path)?.trim() {
        "" => Err(format!("{} is empty", masked_path(path))),
        words => Ok(words.to_owned()),
    }
}

/// The text of a file.
///
/// # Errors
/// As for [`read`], or it is not text.
pub(crate) fn text(path: &Path) -> Result<String, String> {
    String::from_utf8(read(path)?).map_err(|_| format!("{} is not UTF-8", masked_path(path)))
}

/// The token in a file, which is in base64.
///
/// # Errors
/// As for [`read`], or it is not base64.
pub(crate) fn token(path: &Path) -> Result<Secret, String> {
    let token = STANDARD.decode(read(path)?.trim_ascii());
    token.map(Secret::new).map_err(|_| format!("{} is not valid base64", masked_path(path)))
}

/// Bytes of a file: keys, certificates and tokens are a few KiB.
const MOST: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// A start waited for ever for somebody to write into a pipe, and repeated a secret in place of a path.
    #[test]
    fn only_small_files_are_read_and_a_word_that_leads_nowhere_is_not_repeated() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        std::fs::write(at("large"), vec![b'a'; (1 << 20) + 1]).unwrap();
        std::fs::write(at("token"), "aHVzaA==\n").unwrap();
        assert_eq!(token(&at("token")).unwrap().expose(), b"hush");
        for (name, why) in [("pipe", "is not a file"), ("large", "is larger than 1048576 bytes")] {
            let told = read(&at(name)).unwrap_err();
            assert!(told.ends_with(why) && told.contains(name), "{told}");
        }
        let told = read("hush".as_ref()).unwrap_err();
        assert!(told.starts_with("cannot read …: "), "{told}");
        // Case: nobody saw which file was missing.
        for path in ["/run/secrets/token-of-the-shop", "gateway.toml"] {
            let told = read(path.as_ref()).unwrap_err();
            assert!(told.starts_with(&format!("cannot read {path}: ")), "{told}");
        }
    }
}
