//! A conductor that ham starts for one command, and stops with it.

use std::path::Path;
use std::time::Duration;

use ham_devconductor::{Config, DevConductor};
use ham_launcher::Conductor;

use super::{embedded, real};
use crate::failure::Failure;
use crate::input;
use crate::output::Output;
use crate::settings::{Chosen, Kind, Settings, Source};

/// How long stopping may take before it is cut short: nothing of a temporary conductor outlives it, and an interrupted
/// command ends within a second.
const STOP_TIMEOUT: Duration = Duration::from_millis(500);

/// A temporary conductor with an app. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Temporary {
    running: Running,
    /// The settings for connecting to it.
    pub(crate) settings: Settings,
}

#[derive(Debug)]
enum Running {
    Embedded(DevConductor),
    Real(Box<Conductor>),
}

impl Temporary {
    /// Starts one, if the command line and the settings ask for it.
    pub(crate) async fn start(
        settings: &Settings,
        app: Option<&Path>,
        output: Output,
    ) -> Result<Option<Self>, Failure> {
        let Some((kind, app)) = wanted(settings, app, output)? else { return Ok(None) };
        fits(settings, kind)?;
        let bundle = input::bundle(app).await?;
        let id = settings.app_id().ok().map(ToOwned::to_owned);
        let (running, port, id) = match kind {
            Kind::Embedded => {
                let conductor = embedded::start(output, Config::default()).await?;
                let id = embedded::install(output, &conductor, bundle, id).await?;
                let port = conductor.admin_port();
                (Running::Embedded(conductor), port, id)
            }
            Kind::Real => {
                let conductor = real::start(output, Conductor::builder()).await?;
                let id = real::install(output, &conductor, bundle, id).await?;
                let port = conductor.admin_port();
                (Running::Real(Box::new(conductor)), port, id)
            }
        };
        Ok(Some(Self { running, settings: settings.of_temporary(port, id) }))
    }

    /// Stops it in good order or, after [`STOP_TIMEOUT`], kills it.
    pub(crate) async fn stop(self) {
        // Its data are removed either way.
        let _ = tokio::time::timeout(STOP_TIMEOUT, async {
            match self.running {
                Running::Embedded(conductor) => conductor.shut_down().await,
                Running::Real(conductor) => drop(conductor.stop().await),
            }
        })
        .await;
    }
}

/// Which conductor is to be started with which app, if any.
fn wanted<'a>(
    settings: &Settings,
    app: Option<&'a Path>,
    output: Output,
) -> Result<Option<(Kind, &'a Path)>, Failure> {
    match (&settings.conductor, app) {
        (Some(Chosen::Own(kind)), Some(app)) => Ok(Some((*kind, app))),
        (Some(Chosen::Own(kind)), None) => Err(Failure::usage(
            format!("the conductor `{}` starts empty, and no app was given", kind.name()),
            "pass the bundle of one with --app FILE.happ",
        )),
        (Some(Chosen::Running(_)), Some(app)) => {
            let (key, place) = (settings.conductor_key, settings.values.place(settings.conductor_key));
            if settings.values.source(key) == Source::Flag {
                return Err(Failure::usage(
                    format!(
                        "--app and {place} contradict each other: one starts a conductor, the other names a running one"
                    ),
                    "omit one of them",
                ));
            }
            // The command line takes precedence over anything that was set before it.
            output.note(&format!("starting an embedded conductor for --app, not the one that {place} names"));
            Ok(Some((Kind::Embedded, app)))
        }
        // If there is nothing else to connect to, an app is enough.
        (None, Some(app)) => Ok(Some((Kind::Embedded, app))),
        (Some(Chosen::Running(_)) | None, None) => Ok(None),
    }
}

/// Settings for a running conductor are ignored, unless the command line itself contradicts.
fn fits(settings: &Settings, kind: Kind) -> Result<(), Failure> {
    for key in ["app_url", "lair_url", "lair_passphrase_file", "credentials", "ca", "pin"] {
        if settings.values.source(key) == Source::Flag {
            return Err(Failure::usage(
                format!(
                    "{} is for a running conductor, but this command starts {} one",
                    settings.values.place(key),
                    match kind {
                        Kind::Embedded => "an embedded",
                        Kind::Real => "a real",
                    }
                ),
                "omit it: the conductor of this command has its own interface, keys and grants",
            ));
        }
    }
    Ok(())
}
