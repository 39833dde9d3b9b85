//! What every command gets.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::conductor::Temporary;
use crate::ending::Ending;
use crate::failure::Failure;
use crate::interruption::Interruption;
use crate::output::Output;
use crate::running;
use crate::settings::{Settings, Source};

/// The pause between two looks for a conductor that `--wait` waits for.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What every command gets.
#[derive(Debug)]
pub(crate) struct Context {
    /// As they were given. To connect, ask for the [`target`](Self::target).
    pub(crate) settings: Settings,
    pub(crate) output: Output,
    /// Wait for the conductor instead of failing.
    pub(crate) wait: bool,
    /// The bundle of the app for a conductor that ham starts.
    pub(crate) app: Option<PathBuf>,
    /// A signal that ends the command.
    pub(crate) interruption: Interruption,
    /// Work to do when the command is over.
    ending: Ending,
    /// The conductor that was started for this command. It is stored here and not in the command's future, so that it
    /// is stopped in good order even if a signal drops the future.
    temporary: OnceCell<Option<Temporary>>,
    /// The settings of the conductor that runs here, if nothing else names one.
    running: OnceCell<Option<Settings>>,
}

impl Context {
    pub(crate) fn new(settings: Settings, output: Output, wait: bool, app: Option<PathBuf>) -> Self {
        let (temporary, running) = (OnceCell::new(), OnceCell::new());
        let (interruption, ending) = (Interruption::default(), Ending::default());
        Self { settings, output, wait, app, interruption, ending, temporary, running }
    }

    /// The settings of the conductor to connect to: those given or, if a conductor is to be started for this command,
    /// the settings of that one; if none is named, those of the one that runs here. The first caller starts it.
    ///
    /// # Cancel safety
    /// Cancel-safe: a conductor that was being started is gone.
    pub(crate) async fn target(&self) -> Result<&Settings, Failure> {
        let start = || Temporary::start(&self.settings, self.app.as_deref(), self.output);
        let temporary = self.temporary.get_or_try_init(start).await?;
        if let Some(temporary) = temporary {
            return Ok(&temporary.settings);
        }
        let running = self.running.get_or_try_init(|| self.nearest()).await?;
        Ok(running.as_ref().unwrap_or(&self.settings))
    }

    /// The settings with the conductor that runs here, if they name none; with `--wait`, as soon as one runs.
    async fn nearest(&self) -> Result<Option<Settings>, Failure> {
        let until = Instant::now() + self.settings.timeout;
        loop {
            let nearest = running::nearest(&self.settings)?;
            let unnamed = self.settings.conductor.is_none() && self.settings.app_url.is_none();
            if nearest.is_some() || !self.wait || !unnamed || Instant::now() >= until {
                return Ok(nearest);
            }
            // There is no portable way to watch files, so this is a poll.
            tokio::time::sleep_until(Instant::now() + LOOK_AGAIN).await;
        }
    }

    /// How long a command that follows goes on, if the command line says so. The variable and the file only apply to answers.
    pub(crate) fn follow_for(&self) -> Option<Duration> {
        let flag = self.settings.values.source("request_timeout_secs") == Source::Flag;
        flag.then_some(self.settings.timeout)
    }

    /// What else is read from standard input, if the app is.
    pub(crate) fn stdin_taken(&self) -> Option<&'static str> {
        self.app.as_ref().filter(|app| app.as_os_str() == "-").map(|_| "app")
    }

    /// Does this when the command is over, even if a signal ended it; another signal does not wait for it. The work
    /// must end by itself soon.
    pub(crate) fn at_end(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.ending.set(work);
    }

    /// Does the work that the command left for its end.
    pub(crate) async fn wind_up(&self) {
        self.ending.run().await;
    }

    /// Stops what was started for the command.
    pub(crate) async fn end(self) {
        if let Some(temporary) = self.temporary.into_inner().flatten() {
            temporary.stop().await;
        }
    }
}
