//! A command that runs.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

#[derive(Debug)]
pub(crate) struct Running {
    bound: Duration,
    child: Child,
    stdout: Option<Lines<BufReader<ChildStdout>>>,
    stderr: Option<Lines<BufReader<ChildStderr>>>,
}

impl Running {
    pub(super) fn of(mut command: Command, bound: Duration) -> Self {
        let mut child = command.spawn().unwrap();
        let stdout = Some(BufReader::new(child.stdout.take().unwrap()).lines());
        let stderr = Some(BufReader::new(child.stderr.take().unwrap()).lines());
        Self { bound, child, stdout, stderr }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().expect("not waited for yet")).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Stops reading: the next write of the command fails.
    pub(crate) fn close_stdout(&mut self) {
        self.stdout = None;
    }

    /// The same of what is said beside the output.
    pub(crate) fn close_stderr(&mut self) {
        self.stderr = None;
    }

    /// Waits for the end and returns its code.
    pub(crate) async fn ended(mut self) -> Option<i32> {
        // Read to the end, so that it does not block on a full pipe.
        let rest = async {
            let mut text = String::new();
            if let Some(stderr) = &mut self.stderr {
                let _ = stderr.get_mut().read_to_string(&mut text).await;
            }
        };
        let (status, ()) = tokio::time::timeout(self.bound, async { tokio::join!(self.child.wait(), rest) })
            .await
            .expect("the command does not end");
        status.unwrap().code()
    }

    /// Waits for the end and returns everything that was not read yet.
    pub(crate) async fn rest(mut self) -> String {
        let (mut out, mut err) = (String::new(), String::new());
        let (stdout, stderr) = (self.stdout.as_mut().unwrap(), self.stderr.as_mut().unwrap());
        let read = async {
            tokio::join!(stdout.get_mut().read_to_string(&mut out), stderr.get_mut().read_to_string(&mut err))
        };
        let (stdout, stderr) =
            tokio::time::timeout(self.bound, read).await.expect("the command does not end");
        stdout.and(stderr).unwrap();
        out + &err
    }

    /// The first line on standard output that is wanted.
    pub(crate) async fn line(&mut self, mut wanted: impl FnMut(&str) -> bool) -> String {
        let found = async {
            while let Some(line) = self.stdout.as_mut().unwrap().next_line().await.unwrap() {
                if wanted(&line) {
                    return line;
                }
            }
            panic!("the output ended without the wanted line");
        };
        tokio::time::timeout(self.bound, found).await.expect("the wanted line does not come")
    }

    /// The first line on standard error that has these words.
    pub(crate) async fn said(&mut self, words: &str) -> String {
        let found = async {
            while let Some(line) = self.stderr.as_mut().unwrap().next_line().await.unwrap() {
                if line.contains(words) {
                    return line;
                }
            }
            panic!("standard error ended without {words:?}");
        };
        tokio::time::timeout(self.bound, found).await.expect("the wanted words do not come")
    }
}
