//! The settings: flags, then the environment, then the configuration file, then the default; each with its source.

mod conductor;
mod file;
mod nearest;
mod read;
mod table;
mod trust;
mod value;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use ham::{BackoffConfig, DEFAULT_ORIGIN, PressureBreaker, Release};
use url::Url;

use crate::failure::Failure;

use read::{DURATION, RELEASE, URL, duration};
use trust::Trust;

pub(crate) use conductor::{Chosen, Kind};
pub(crate) use read::websocket_url;
pub(crate) use table::{SETTINGS, find};
pub(crate) use value::Source;
pub(crate) use values::Values;

/// How long a command waits for its answer by default.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(ham::DEFAULT_REQUEST_TIMEOUT_SECS);

/// The settings, checked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) conductor: Option<Chosen>,
    /// The setting that names it.
    pub(crate) conductor_key: &'static str,
    pub(crate) app_url: Option<Url>,
    pub(crate) origin: String,
    pub(crate) timeout: Duration,
    pub(crate) backoff: BackoffConfig,
    pub(crate) breaker: Option<PressureBreaker>,
    pub(crate) credentials: Option<PathBuf>,
    pub(crate) lair: Option<Lair>,
    pub(crate) app_token_file: Option<PathBuf>,
    pub(crate) trust: Trust,
    /// The conductor's release, if it is named.
    pub(crate) release: Option<Release>,
    /// The conductor ends with the command: credentials for its cells are not worth keeping.
    pub(crate) temporary: bool,
    app_id: Option<String>,
    pub(crate) values: Values,
}

/// Where the keystore is, and where its passphrase is read from (`-` is standard input).
#[derive(Clone, Debug)]
pub(crate) struct Lair {
    pub(crate) url: String,
    pub(crate) passphrase_file: PathBuf,
}

impl Settings {
    /// Checks the values.
    pub(crate) fn new(values: Values) -> Result<Self, Failure> {
        let milliseconds =
            |key| values.parsed(key, "a whole number of milliseconds", |text| text.parse::<u64>().ok());
        let default = BackoffConfig::default();
        let backoff = BackoffConfig {
            initial_ms: milliseconds("reconnect_backoff_initial_ms")?.unwrap_or(default.initial_ms),
            max_ms: milliseconds("reconnect_backoff_max_ms")?.unwrap_or(default.max_ms),
            escalate_after: values
                .parsed("reconnect_backoff_escalate_after", "a whole number", |text| text.parse().ok())?
                .unwrap_or(default.escalate_after),
        };
        let (initial, max) =
            (milliseconds("pressure_cooldown_ms")?, milliseconds("pressure_cooldown_max_ms")?);
        let breaker = (initial.is_some() || max.is_some()).then(|| {
            let default = PressureBreaker::default();
            PressureBreaker {
                initial: initial.map_or(default.initial, Duration::from_millis),
                max: max.map_or(default.max, Duration::from_millis),
            }
        });
        let (conductor_key, conductor) = nearest::chosen(&values)?.unzip();
        Ok(Self {
            conductor,
            conductor_key: conductor_key.unwrap_or("conductor"),
            app_url: values.parsed("app_url", URL, websocket_url)?,
            origin: values.text("origin").unwrap_or_else(|| DEFAULT_ORIGIN.to_owned()),
            timeout: values.parsed("request_timeout_secs", DURATION, duration)?.unwrap_or(DEFAULT_TIMEOUT),
            backoff,
            breaker,
            credentials: values.text("credentials").map(PathBuf::from),
            lair: lair(&values)?,
            app_token_file: values.text("app_token_file").map(PathBuf::from),
            trust: Trust::new(&values)?,
            release: values.parsed("holochain_release", RELEASE, |text| text.parse().ok())?,
            temporary: false,
            app_id: values.text("app_id"),
            values,
        })
    }

    /// The admin interface of a running conductor.
    pub(crate) fn admin(&self) -> Option<&Url> {
        match &self.conductor {
            Some(Chosen::Running(url)) => Some(url),
            Some(Chosen::Own(_)) | None => None,
        }
    }

    /// The port of the admin interface, if it is on this machine.
    pub(crate) fn local_admin_port(&self) -> Option<u16> {
        let url =
            self.admin().filter(|url| matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")))?;
        url.port_or_known_default()
    }

    /// The shortest and the longest pause after a lost link, if they are set.
    pub(crate) fn reconnect(&self) -> Option<(Duration, Duration)> {
        let given = |key| self.values.source(key) != Source::Default;
        if !given("reconnect_backoff_initial_ms") && !given("reconnect_backoff_max_ms") {
            return None;
        }
        let initial = Duration::from_millis(self.backoff.initial_ms);
        Some((initial, Duration::from_millis(self.backoff.max_ms).max(initial)))
    }

    /// The app, for commands that need one.
    pub(crate) fn app_id(&self) -> Result<&str, Failure> {
        self.app_id.as_deref().ok_or_else(|| {
            Failure::usage(
                "no app is named",
                "pass --app-id, or set HAM_APP_ID, or app_id in the configuration file",
            )
        })
    }

    /// The same with this app.
    pub(crate) fn with_app_id(&self, app_id: String) -> Self {
        Self { app_id: Some(app_id), ..self.clone() }
    }

    /// The same for a conductor that runs here and was not named.
    pub(crate) fn of_running(&self, admin_port: u16, app_id: Option<String>) -> Self {
        let conductor = Some(Chosen::on_this_machine(admin_port));
        Self { conductor, app_id: self.app_id.clone().or(app_id), ..self.clone() }
    }

    /// The same for a conductor that was started for one command: without any of the settings for a running one.
    pub(crate) fn of_temporary(&self, admin_port: u16, app_id: String) -> Self {
        Self {
            conductor: Some(Chosen::on_this_machine(admin_port)),
            app_url: None,
            credentials: None,
            lair: None,
            app_token_file: None,
            trust: Trust::Public,
            release: None,
            temporary: true,
            app_id: Some(app_id),
            ..self.clone()
        }
    }
}

fn lair(values: &Values) -> Result<Option<Lair>, Failure> {
    match (values.text("lair_url"), values.text("lair_passphrase_file")) {
        (Some(url), Some(file)) => Ok(Some(Lair { url, passphrase_file: file.into() })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(Failure::usage(
            "the keystore's URL is set, but its passphrase file is not",
            "set HAM_LAIR_PASSPHRASE_FILE to a file that holds the passphrase, or to - for standard input",
        )),
        (None, Some(_)) => Err(Failure::usage(
            "the keystore's passphrase file is set, but its URL is not",
            "set HAM_LAIR_URL to the connectionUrl in lair-keystore-config.yaml",
        )),
    }
}

#[cfg(test)]
mod tests;
