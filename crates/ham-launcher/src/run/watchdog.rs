//! Does what this process would have done, once the process is gone, however it ended: ends processes, removes temporary data.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A small shell that waits for the end of a pipe which only this process can close: when this process ends, even by SIGKILL, the
/// pipe ends and the shell does its work.
///
/// Rejected: Linux's parent-death signal. Other systems lack it, it needs unsafe code between fork and exec, and it fires when the
/// *thread* that started the child ends, which a thread of an asynchronous runtime may do at any time.
///
/// Dropping the watchdog ends the watch without doing anything.
#[derive(Debug)]
pub struct Watchdog {
    /// Its pipe is closed only after `drop` has ended it.
    shell: Child,
}

impl Watchdog {
    /// Kills a process when this one is gone.
    pub(crate) fn watch(process: u32) -> io::Result<Self> {
        Self::of(KILL, process.to_string().as_ref())
    }

    /// Kills a process group, by the id of its first process: everything that a program starts, if the program leads a group of its own.
    ///
    /// # Errors
    /// The system starts no shell. Nothing is watched then.
    pub fn watch_group(leader: u32) -> io::Result<Self> {
        Self::of(KILL, format!("-{leader}").as_ref())
    }

    /// Removes a directory, or what is left of it, once this process is gone.
    pub(super) fn remove(directory: &Path) -> io::Result<Self> {
        Self::of(REMOVE, directory.as_os_str())
    }

    fn of(script: &str, target: &OsStr) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", script, "ham-watchdog"])
            .arg(target)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own: Ctrl-C in a terminal must not end the watch before this process has ended.
            .process_group(0);
        Ok(Self { shell: command.spawn()? })
    }

    /// Closes the pipe as the end of this process would, and waits until the work is done.
    #[cfg(test)]
    fn abandon(mut self) {
        drop(self.shell.stdin.take());
        assert!(self.shell.wait().unwrap().success());
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // It is a child of this process and has not been waited for, so the signal reaches nobody else.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

/// `$1` is the process or the group.
const KILL: &str = r#"read -r _
kill -s KILL -- "$1""#;

/// `$1` is the directory. A process that dies with this one may still add a file to it; then the removal is repeated.
const REMOVE: &str = r#"read -r _
for again in 1 2 3 4 5 6 7 8 9; do rm -rf -- "$1" && exit; sleep 1; done
exec rm -rf -- "$1""#;

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    /// Killed when it is dropped.
    struct Watched(Child);

    impl Drop for Watched {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn watched() -> Watched {
        Watched(Command::new("sleep").arg("600").spawn().expect("`sleep` is on every Unix"))
    }

    #[test]
    fn the_watched_process_dies_with_the_pipe() {
        let mut process = watched();
        Watchdog::watch(process.0.id()).unwrap().abandon();
        assert_eq!(process.0.wait().unwrap().signal(), Some(9));
    }

    /// A compiler that Cargo had started outlived `kill -9`.
    #[test]
    fn what_a_watched_program_has_started_dies_too() {
        let mut command = Command::new("sh");
        // The last one to hold its output is the one that it starts.
        command.args(["-c", "sleep 600 & wait"]).stdout(Stdio::piped()).process_group(0);
        let mut program = Watched(command.spawn().unwrap());
        let mut output = program.0.stdout.take().unwrap();
        Watchdog::watch_group(program.0.id()).unwrap().abandon();
        assert_eq!(program.0.wait().unwrap().signal(), Some(9));
        assert_eq!(output.read_to_end(&mut Vec::new()).unwrap(), 0);
    }

    /// Case: if the process ended while data was being removed, part of the data stayed for good.
    #[test]
    fn a_directory_goes_with_the_pipe_whatever_is_left_of_it() {
        let parent = tempfile::tempdir().unwrap();
        let data = parent.path().join("-data of one");
        std::fs::create_dir_all(data.join("databases")).unwrap();
        std::fs::write(data.join("databases/file"), "").unwrap();
        let watchdog = Watchdog::remove(&data).unwrap();
        std::fs::remove_file(data.join("databases/file")).unwrap();
        watchdog.abandon();
        assert!(!data.exists());
        Watchdog::remove(&data).unwrap().abandon();
    }

    #[test]
    fn a_dropped_watchdog_does_nothing() {
        let (mut process, data) = (watched(), tempfile::tempdir().unwrap());
        drop(Watchdog::watch(process.0.id()).unwrap());
        drop(Watchdog::remove(data.path()).unwrap());
        assert_eq!(process.0.try_wait().unwrap(), None);
        assert!(data.path().exists());
    }
}
