//! Kills processes when this one is gone, however it went, and removes their temporary data.

use std::io;
use std::path::Path;
use std::process::Stdio;

use tokio::process::{Child, Command};

/// A small shell that waits for the end of a pipe only this process can close: when this process ends, even by SIGKILL, the
/// pipe ends and the shell kills the watched process.
///
/// Rejected: Linux's parent-death signal. It has no other systems, needs unsafe code between fork and exec, and fires when
/// the *thread* that started the child ends, which a thread of an asynchronous runtime may do at any time.
///
/// Dropping the watchdog ends the watch without harm to the watched process.
#[derive(Debug)]
pub struct Watchdog {
    /// Killed on drop, before its pipe closes.
    #[cfg_attr(not(test), expect(dead_code, reason = "held for its drop"))]
    shell: Child,
}

impl Watchdog {
    /// Watches a process; `temporary` is removed after its violent end.
    pub(crate) fn watch(process: u32, temporary: Option<&Path>) -> io::Result<Self> {
        Self::of(&process.to_string(), temporary)
    }

    /// Watches a process group, by the id of its first process: whatever a program starts, where it leads a group of its own.
    ///
    /// # Errors
    /// The system starts no shell. Nothing is watched then.
    pub fn watch_group(leader: u32) -> io::Result<Self> {
        Self::of(&format!("-{leader}"), None)
    }

    fn of(target: &str, temporary: Option<&Path>) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "ham-watchdog", target])
            .args(temporary)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own: Ctrl-C in a terminal must not end the watch before this process ended.
            .process_group(0)
            .kill_on_drop(true);
        Ok(Self { shell: command.spawn()? })
    }

    /// Closes the pipe as the end of this process would.
    #[cfg(test)]
    fn abandon(&mut self) {
        drop(self.shell.stdin.take());
    }
}

/// `$1` is the process or the group, `$2` its temporary directory. The dying process may still add a file to it; then once more.
const SCRIPT: &str = r#"read -r _
kill -s KILL -- "$1"
[ -z "$2" ] || rm -rf "$2" || { sleep 1; rm -rf "$2"; }"#;

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use tokio::io::AsyncReadExt as _;

    use super::*;

    fn watched() -> Child {
        Command::new("sleep").arg("600").kill_on_drop(true).spawn().expect("`sleep` is on every Unix")
    }

    #[tokio::test]
    async fn the_watched_process_dies_with_the_pipe() {
        let mut process = watched();
        let data = tempfile::tempdir().unwrap();
        let mut watchdog = Watchdog::watch(process.id().unwrap(), Some(data.path())).unwrap();
        watchdog.abandon();
        assert_eq!(process.wait().await.unwrap().signal(), Some(9));
        assert!(watchdog.shell.wait().await.unwrap().success());
        assert!(!data.path().exists());
    }

    /// A compiler that Cargo had started outlived `kill -9`.
    #[tokio::test]
    async fn what_a_watched_program_has_started_dies_too() {
        let mut command = Command::new("sh");
        // The last to hold its output is the one that it starts.
        command.args(["-c", "sleep 600 & wait"]).stdout(Stdio::piped()).process_group(0).kill_on_drop(true);
        let mut program = command.spawn().unwrap();
        let mut output = program.stdout.take().unwrap();
        let mut watchdog = Watchdog::watch_group(program.id().unwrap()).unwrap();
        watchdog.abandon();
        assert_eq!(program.wait().await.unwrap().signal(), Some(9));
        assert_eq!(output.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_dropped_watchdog_leaves_the_process_alone() {
        let mut process = watched();
        let mut watchdog = Watchdog::watch(process.id().unwrap(), None).unwrap();
        watchdog.shell.start_kill().unwrap();
        watchdog.shell.wait().await.unwrap();
        assert_eq!(process.try_wait().unwrap(), None);
    }
}
