//! Bounded input from files and standard input.

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

/// The largest payload read: what a conductor accepts as one message.
pub(crate) const MAX_PAYLOAD: u64 = ham_session::DEFAULT_MAX_MESSAGE_SIZE as u64;

/// How long settings may take to arrive: a start or a reload waits for them, and meanwhile systemd has to be told that
/// the gateway is alive.
const SETTINGS_TIME: Duration = Duration::from_secs(10);

const STDIN: &str = "standard input";

/// The largest app bundle read, in bytes.
const MAX_BUNDLE: u64 = 256 << 20;

/// A file's bytes. Blocks shortly.
pub(crate) fn file(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    std::fs::File::open(path)
        .and_then(|file| bounded(file, limit))
        .map_err(|error| unreadable(&shown(path), error))
}

/// The bytes of settings, or everything from a pipe or standard input (`-`) until it ends, within ten seconds.
///
/// # Cancel safety
/// Cancel-safe, except that anything already read from a pipe or standard input is lost.
pub(crate) async fn settings(path: &Path) -> Result<Vec<u8>, Failure> {
    let read = read_within(path, SETTINGS_TIME).await;
    read.map_err(|error| unreadable(&shown(path), error))
}

/// The same for a secret, within this time. A path that leads nowhere may be the secret itself, so errors only give its
/// name, which is that of a flag or a variable.
///
/// # Cancel safety
/// As [`settings`].
pub(crate) async fn secret(path: &Path, named: &str, within: Duration) -> Result<Vec<u8>, Failure> {
    let read = read_within(path, within).await;
    let what = match is_stdin(path) {
        true => STDIN.to_owned(),
        false => format!("the file that {named} names"),
    };
    read.map_err(|error| unreadable(&what, error))
}

async fn read_within(path: &Path, within: Duration) -> io::Result<Vec<u8>> {
    let is_pipe = std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo());
    let read = async {
        match is_pipe && !is_stdin(path) {
            // Nothing waits for somebody to write into it, not even a thread.
            true => pipe(path).await,
            false => blocking(path, MAX_SETTINGS).await,
        }
    };
    tokio::time::timeout(within, read).await.unwrap_or_else(|_| {
        let text = format!("it did not end within {}", humantime::format_duration(within));
        Err(io::Error::new(io::ErrorKind::TimedOut, text))
    })
}

async fn pipe(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let pipe = pipe::OpenOptions::new().open_receiver(path)?;
    pipe.take(MAX_SETTINGS + 1).read_to_end(&mut bytes).await?;
    if bytes.is_empty() {
        let text = "the pipe was empty: it can be read only once";
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text));
    }
    within(bytes, MAX_SETTINGS)
}

/// The bytes of a file, or of standard input for `-`.
///
/// # Cancel safety
/// Cancel-safe, except that anything already read from standard input is lost.
pub(crate) async fn file_or_stdin(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    blocking(path, limit).await.map_err(|error| unreadable(&shown(path), error))
}

/// On a thread of its own, which the end of the process does not wait for: nobody may ever type anything.
async fn blocking(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || match is_stdin(&path) {
        true => bounded(io::stdin().lock(), limit),
        false => std::fs::File::open(&path).and_then(|file| bounded(file, limit)),
    });
    read.await.unwrap_or_else(|error| Err(error.into()))
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn shown(path: &Path) -> String {
    if is_stdin(path) { STDIN.to_owned() } else { ham::masked_path(path) }
}

/// Warns if others can read or write a file with a secret. It is used all the same: secrets are mounted that way into
/// containers, and that is for the owner of the machine to decide. Blocks shortly.
pub(crate) fn tell_if_exposed(secret: &Path, output: Output) {
    if is_stdin(secret) {
        return;
    }
    // If it cannot be examined, it cannot be read either, and its reader reports that.
    if let Some(mode) = std::fs::metadata(secret).ok().and_then(|metadata| ham::open_to_others(&metadata)) {
        let (path, close) = (ham::masked_path(secret), ham::how_to_close(secret));
        output.warning(&format!("{path} holds a secret, but is open to others (mode {mode:o}): {close}"));
    }
}

/// An app bundle, read as [`file_or_stdin`] does.
///
/// # Cancel safety
/// As [`file_or_stdin`].
pub(crate) async fn bundle(path: &Path) -> Result<Vec<u8>, Failure> {
    file_or_stdin(path, MAX_BUNDLE).await
}

/// The bytes of a payload from the command line: the word itself, `@FILE`, or `-` for standard input, unless `taken`
/// says what else is read from there.
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
    let advice = match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::UnexpectedEof => {
            "the writer of a pipe or of standard input must write once and then close it; or pass a file"
        }
        io::ErrorKind::PermissionDenied => "pass a file that this user may read",
        _ => "name a file that exists and can be read",
    };
    Failure::new(Exit::Usage, anyhow::Error::new(error).context(format!("cannot read {what}")), advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A start waited for ever for somebody to write into it.
    #[tokio::test(start_paused = true)]
    async fn a_pipe_is_read_within_bounds() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let said = |read: Result<Vec<u8>, Failure>| read.unwrap_err().causes().join(": ");
        let why = said(settings(&path).await);
        assert!(why.contains("cannot read /") && why.ends_with("it did not end within 10s"), "{why}");
        let why = said(secret(&path, "--key-file", Duration::from_secs(3)).await);
        assert_eq!(why, "cannot read the file that --key-file names: it did not end within 3s");
        // The advice was to name a file that exists and can be read; a pipe is one.
        let advised = settings(&path).await.unwrap_err().advice().unwrap().to_owned();
        assert!(advised.contains("close it"), "{advised}");
        // Opened for both, so that neither end waits for the other.
        let written = |bytes: &[u8]| {
            let mut both = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
            std::io::Write::write_all(&mut both, bytes).unwrap();
            both
        };
        let both = written(b"1234");
        let (read, ()) = tokio::join!(biased; settings(&path), async { drop(both) });
        assert_eq!(read.unwrap(), b"1234");
        let both = written(b"");
        let (read, ()) = tokio::join!(biased; settings(&path), async { drop(both) });
        assert!(said(read).contains("the pipe was empty"));
        let both = written(b"");
        let longer = async {
            // As much as it accepts at a time.
            let mut sender = pipe::OpenOptions::new().open_sender(&path).unwrap();
            let bytes = vec![b'a'; 1 + (1 << 20)];
            tokio::io::AsyncWriteExt::write_all(&mut sender, &bytes).await.unwrap();
            drop(both);
        };
        let (read, ()) = tokio::join!(biased; settings(&path), longer);
        assert!(said(read).ends_with("is larger than 1048576 bytes"));
    }

    #[test]
    fn input_is_bounded() {
        assert_eq!(bounded(&b"1234"[..], 4).unwrap(), b"1234");
        assert!(bounded(&b"12345"[..], 4).is_err());
    }
}
