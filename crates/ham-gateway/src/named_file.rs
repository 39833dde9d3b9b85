//! Files that a configuration names: small ones, which are read again and again, so that a pipe is none.
//!
//! A path is told only where it leads to something: one that does not may be the secret itself.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ham::Secret;

/// What stands in one.
///
/// # Errors
/// Why it cannot be used; never what stands in it.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    // To open a pipe would wait for whoever writes into it.
    let metadata = std::fs::metadata(path).map_err(|error| format!("cannot read the file: {error}"))?;
    if !metadata.is_file() {
        return Err(format!("{} is not a file", path.display()));
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
        Ok(length) if length as u64 > MOST => Err(format!("{} is larger than {MOST} bytes", path.display())),
        Ok(_) => Ok(bytes),
    }
}

/// The text of one that is for its owner only.
///
/// # Errors
/// As [`read`], or others can read it.
pub(crate) fn private(path: &Path) -> Result<String, String> {
    let text = text(path)?;
    match std::fs::metadata(path).ok().and_then(|metadata| ham::open_to_others(&metadata)) {
        Some(mode) => {
            Err(format!("{} is open to others (mode {mode:o}): run `chmod 600` on it", path.display()))
        }
        None => Ok(text),
    }
}

/// The text of one.
///
/// # Errors
/// As [`read`], or it is no text.
pub(crate) fn text(path: &Path) -> Result<String, String> {
    String::from_utf8(read(path)?).map_err(|_| format!("{} is not UTF-8", path.display()))
}

/// The token in one, which is in base64.
///
/// # Errors
/// As [`read`], or it is no base64.
pub(crate) fn token(path: &Path) -> Result<Secret, String> {
    let token = STANDARD.decode(read(path)?.trim_ascii());
    token.map(Secret::new).map_err(|_| format!("{} is not valid base64", path.display()))
}

/// Bytes of a file: keys, certificates and tokens are a few KiB.
const MOST: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// A start waited for ever for whoever writes into a pipe, and repeated a secret that stood in the place of its path.
    #[test]
    fn only_small_files_are_read_and_a_path_that_leads_nowhere_is_not_repeated() {
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
        assert!(told.starts_with("cannot read the file: ") && !told.contains("hush"), "{told}");
    }
}
