//! Signs of life on standard error for work that takes longer than a second.

use std::future::Future;
use std::io::IsTerminal as _;
use std::pin::pin;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::Output;
use crate::terminal::{self, printable};

/// Quicker work needs no progress.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// How often the spinner moves.
const TICK: Duration = Duration::from_millis(120);

/// Waits for `work`; after [`PATIENCE`] it shows `doing`: a spinner on a terminal, one line elsewhere.
pub(crate) async fn during<T>(output: Output, doing: &str, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    match tokio::time::timeout(PATIENCE, &mut work).await {
        Ok(done) => done,
        Err(_) => {
            let _shown = Spinner::start(output, doing);
            work.await
        }
    }
}

/// Waits for `work`, and reports once if it takes this long.
pub(crate) async fn told_if_long<T>(long: Duration, tell: impl FnOnce(), work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    match tokio::time::timeout(long, &mut work).await {
        Ok(done) => done,
        Err(_) => {
            tell();
            work.await
        }
    }
}

/// A line that moves while it is held, on a terminal; elsewhere plain lines.
#[derive(Debug)]
pub(crate) struct Spinner {
    bar: Option<ProgressBar>,
    output: Output,
}

impl Spinner {
    pub(crate) fn start(output: Output, doing: &str) -> Self {
        if !std::io::stderr().is_terminal() || output.json {
            output.note(&format!("{doing} …"));
            return Self { bar: None, output };
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.set_message(printable(doing));
        bar.enable_steady_tick(TICK);
        terminal::show(Some(bar.clone()));
        Self { bar: Some(bar), output }
    }

    /// What is being done now. `worth_a_line`: also if there is no terminal.
    pub(crate) fn say(&self, doing: &str, worth_a_line: bool) {
        match &self.bar {
            Some(bar) => bar.set_message(printable(doing)),
            None if worth_a_line => self.output.note(doing),
            None => {}
        }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
            terminal::show(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;

    /// A build that hung was not reported.
    #[tokio::test(start_paused = true)]
    async fn what_takes_long_is_told_once_and_waited_for() {
        let long = Duration::from_secs(120);
        for (takes, told) in [(119, 0), (121, 1), (100_000, 1)] {
            let (begun, tellings) = (Instant::now(), Cell::new(0));
            let work = async {
                tokio::time::sleep_until(begun + Duration::from_secs(takes)).await;
                takes
            };
            assert_eq!(told_if_long(long, || tellings.set(tellings.get() + 1), work).await, takes);
            assert_eq!(tellings.get(), told, "{takes} s");
        }
    }
}
