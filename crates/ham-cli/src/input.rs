//! What is read from files and standard input, bounded.

use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// The largest configuration file, passphrase file or token file.
pub(crate) const MAX_SETTINGS: u64 = 1 << 20;

/// The largest payload read: what a conductor takes as one message.
pub(crate) const MAX_PAYLOAD: u64 = ham_session::DEFAULT_MAX_MESSAGE_SIZE as u64;

/// How long a pipe may take to end: as a start or a reload waits for it, systemd has to be told that the gateway lives.
const PIPE_TIME: Duration = Duration::from_secs(10);

/// The largest app bundle read, in bytes.
const MAX_BUNDLE: u64 = 256 << 20;

/// A file's bytes. Blocks shortly.
pub(crate) fn file(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    std::fs::File::open(path)
        .and_then(|file| bounded(file, limit))
        .map_err(|error| unreadable(&path.display().to_string(), error))
}

/// A file's bytes, or those that come out of a pipe until it ends, which is read without keeping anybody waiting for long.
///
/// # Cancel safety
/// Cancel-safe, but what the pipe already gave is lost.
pub(crate) async fn file_or_pipe(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let is_pipe = std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo());
    if !is_pipe {
        return file(path, limit);
    }
    let read = async {
        let mut bytes = Vec::new();
        let pipe = pipe::OpenOptions::new().open_receiver(path)?;
        pipe.take(limit + 1).read_to_end(&mut bytes).await?;
        within(bytes, limit)
    };
    let read = tokio::time::timeout(PIPE_TIME, read).await.unwrap_or_else(|_| {
        let text = format!("the pipe did not end within {} s", PIPE_TIME.as_secs());
        Err(io::Error::new(io::ErrorKind::TimedOut, text))
    });
    let read = read.and_then(|bytes| match bytes.is_empty() {
        true => {
            Err(io::Error::new(io::ErrorKind::UnexpectedEof, "nothing came out of the pipe: it is read once"))
        }
        false => Ok(bytes),
    });
    read.map_err(|error| unreadable(&path.display().to_string(), error))
}

/// The bytes of a file, or of standard input for `-`.
///
/// # Cancel safety
/// Cancel-safe, but what standard input already gave is lost.
pub(crate) async fn file_or_stdin(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let path = path.to_owned();
    // On a thread of its own, which the end of the process does not wait for: a terminal may never say anything.
    let read = tokio::task::spawn_blocking(move || {
        if path.as_os_str() == "-" {
            bounded(io::stdin().lock(), limit).map_err(|error| unreadable("standard input", error))
        } else {
            file(&path, limit)
        }
    });
    read.await.unwrap_or_else(|error| Err(unreadable("the input", error.into())))
}

/// Tells that others can read or write a file with a secret. It is used all the same: secrets are mounted that way into
/// containers, and whoever owns the machine decides. Blocks shortly.
pub(crate) fn tell_if_exposed(secret: &Path, output: Output) {
    if secret.as_os_str() == "-" {
        return;
    }
    // What cannot be looked at cannot be read either, and whoever reads it says so.
    if let Some(mode) = std::fs::metadata(secret).ok().and_then(|metadata| ham::open_to_others(&metadata)) {
        let path = secret.display();
        output.warning(&format!(
            "{path} holds a secret, but is open to others (mode {mode:o}): run `chmod 600` on it"
        ));
    }
}

/// An app bundle, read as [`file_or_stdin`] does.
///
/// # Cancel safety
/// As [`file_or_stdin`].
pub(crate) async fn bundle(path: &Path) -> Result<Vec<u8>, Failure> {
    file_or_stdin(path, MAX_BUNDLE).await
}

/// The bytes of a payload of the command line: what stands there, `@FILE`, or `-` for standard input, unless `taken`
/// says
/// what else comes from there.
///
/// # Cancel safety
/// As [`file_or_stdin`].
pub(crate) async fn payload(given: &str, taken: Option<&str>) -> Result<Vec<u8>, Failure> {
    match (given, taken, given.strip_prefix('@')) {
        ("-", Some(taken), _) => Err(Failure::usage(
            format!("the payload and the {taken} cannot both come from standard input"),
            "pass one of them as a file",
        )),
        ("-", None, _) => file_or_stdin(Path::new("-"), MAX_PAYLOAD).await,
        (_, _, Some(path)) => file_or_stdin(Path::new(path), MAX_PAYLOAD).await,
        (_, _, None) => Ok(given.as_bytes().to_vec()),
    }
}

fn bounded(source: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit + 1).read_to_end(&mut bytes)?;
    within(bytes, limit)
}

fn within(bytes: Vec<u8>, limit: u64) -> io::Result<Vec<u8>> {
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("is larger than {limit} bytes")));
    }
    Ok(bytes)
}

fn unreadable(what: &str, error: io::Error) -> Failure {
    Failure::new(
        Exit::Usage,
        anyhow::Error::new(error).context(format!("cannot read {what}")),
        "name a file that exists and can be read",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A start waited for ever for whoever writes into it.
    #[tokio::test(start_paused = true)]
    async fn a_pipe_is_read_within_bounds() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let said = |read: Result<Vec<u8>, Failure>| read.unwrap_err().causes().join(": ");
        let why = said(file_or_pipe(&path, 4).await);
        assert!(why.contains("cannot read /") && why.ends_with("the pipe did not end within 10 s"), "{why}");
        // Opened for both, so that neither end waits for the other.
        let written = |bytes: &[u8]| {
            let mut both = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
            std::io::Write::write_all(&mut both, bytes).unwrap();
            let reads = file_or_pipe(&path, 4);
            (both, reads)
        };
        let (both, reads) = written(b"1234");
        let (read, ()) = tokio::join!(biased; reads, async { drop(both) });
        assert_eq!(read.unwrap(), b"1234");
        let (both, reads) = written(b"12345");
        assert!(said(reads.await).ends_with("is larger than 4 bytes"));
        drop(both);
        let (both, reads) = written(b"");
        let (read, ()) = tokio::join!(biased; reads, async { drop(both) });
        assert!(said(read).contains("nothing came out of the pipe"));
    }

    #[test]
    fn input_is_bounded() {
        assert_eq!(bounded(&b"1234"[..], 4).unwrap(), b"1234");
        assert!(bounded(&b"12345"[..], 4).is_err());
    }
}
