//! A conductor that ham starts for one command, and stops with it.

use std::path::Path;
use std::time::Duration;

use ham_devconductor::{Config, DevConductor};
use ham_testkit::conductor::Conductor;

use crate::commands::{conductor, dev};
use crate::context::Context;
use crate::failure::Failure;
use crate::input;
use crate::settings::{Chosen, Kind, Settings, Source};

/// How long stopping may take before it is cut short: nothing of a temporary conductor outlives it, and an interrupted
/// command ends within a second.
const STOP_TIMEOUT: Duration = Duration::from_millis(500);

/// A temporary conductor with an app. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Own {
    running: Running,
    /// The settings of whoever connects to it.
    pub(crate) settings: Settings,
}

#[derive(Debug)]
enum Running {
    Embedded(DevConductor),
    Real(Box<Conductor>),
}

impl Own {
    /// Starts one, if that is what the command line and the settings ask for.
    pub(crate) async fn start(context: &Context) -> Result<Option<Self>, Failure> {
        let Some((kind, app)) = wanted(context)? else { return Ok(None) };
        fits(&context.settings, kind)?;
        let bundle = input::bundle(app).await?;
        let id = context.settings.app_id().ok().map(ToOwned::to_owned);
        let output = context.output;
        let (running, port, id) = match kind {
            Kind::Embedded => {
                let conductor = dev::start(output, Config::default()).await?;
                let id = dev::install(output, &conductor, bundle, id).await?;
                let port = conductor.admin_port();
                (Running::Embedded(conductor), port, id)
            }
            Kind::Real => {
                let conductor = conductor::start(output, Conductor::builder()).await?;
                let id = conductor::install(output, &conductor, bundle, id).await?;
                let port = conductor.admin_port();
                (Running::Real(Box::new(conductor)), port, id)
            }
        };
        Ok(Some(Self { running, settings: context.settings.of_temporary(port, id) }))
    }

    /// Stops it in good order or, after [`STOP_TIMEOUT`], kills it.
    pub(crate) async fn stop(self) {
        // Its data go with it either way.
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
fn wanted(context: &Context) -> Result<Option<(Kind, &Path)>, Failure> {
    let settings = &context.settings;
    match (&settings.conductor, context.app.as_deref()) {
        (Some(Chosen::Own(kind)), Some(app)) => Ok(Some((*kind, app))),
        (Some(Chosen::Own(kind)), None) => Err(Failure::usage(
            format!("the conductor is to be {}, one that starts empty, and no app is given", kind.name()),
            "give the bundle of one with --app FILE.happ",
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
            // The command line counts more than what was set before it.
            context.output.note(&format!(
                "note: --app starts an embedded conductor for this command, not the one that {place} names"
            ));
            Ok(Some((Kind::Embedded, app)))
        }
        // With nothing else to connect to, an app is enough.
        (None, Some(app)) => Ok(Some((Kind::Embedded, app))),
        (Some(Chosen::Running(_)) | None, None) => Ok(None),
    }
}

/// What is set for a running conductor is passed over, unless the command line itself contradicts.
fn fits(settings: &Settings, kind: Kind) -> Result<(), Failure> {
    for key in ["app_url", "lair_url", "lair_passphrase_file", "credentials", "ca", "pin"] {
        if settings.values.source(key) == Source::Flag {
            return Err(Failure::usage(
                format!(
                    "{} is for a running conductor, and {} one is started for this command",
                    settings.values.place(key),
                    match kind {
                        Kind::Embedded => "an embedded",
                        Kind::Real => "a real",
                    }
                ),
                "omit it: a conductor of this command has its own interface, keys and grants",
            ));
        }
    }
    Ok(())
}
