//! `ham dev --watch`: builds when a file changes, and runs what was built.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ham_bundle::Packed;
use ham_devconductor::DevConductor;
use ham_page::Build;
use serde_json::json;
use tokio::time::Instant;

use super::reinstall::reinstall;
use crate::code::Compared;
use crate::commands::ping::milliseconds;
use crate::connect;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::page::Pages;
use crate::progress;
use crate::running::Agent;
use crate::zomes::{self, Changes, Next, Project, Shown};

/// An app that is built here and watched from then on.
#[derive(Debug)]
pub(super) struct Watched {
    project: Project,
    changes: Changes,
    bundle: PathBuf,
    /// If integrity zomes change, reinstall the app.
    reinstall: bool,
}

impl Watched {
    /// Builds it. Files that change meanwhile are built, too.
    ///
    /// # Cancel safety
    /// Cancel-safe: the compiler is killed.
    pub(super) async fn build(context: &Context, directory: &Path, reinstall: bool) -> Result<Self, Failure> {
        let project = Project::of(directory).await?;
        let changes = Changes::of(&project)?;
        let mut watched = Self { project, changes, bundle: PathBuf::new(), reinstall };
        watched.bundle = watched.built(context).await?;
        Ok(watched)
    }

    /// Builds until nothing changes meanwhile, including packages that come or go: a save during a build ends it, and
    /// the next one begins. Returns the bundle of the app.
    async fn built(&mut self, context: &Context) -> Result<PathBuf, Failure> {
        loop {
            self.changes.begin();
            let Some(project) = self.changes.unless(Project::of(&self.project.directory)).await? else {
                continue;
            };
            let built = match project {
                Ok(project) => {
                    self.changes.follow(&project)?;
                    self.project = project;
                    let building = build(context, &self.project);
                    let building =
                        progress::told_if_long(LONG, || context.output.warning(TAKES_LONG), building);
                    match self.changes.unless(building).await? {
                        Some(built) => built,
                        None => {
                            context.output.note("files have changed: the build starts over");
                            continue;
                        }
                    }
                }
                Err(failure) => Err(failure),
            };
            match self.changes.end() {
                Next::BuildAgain => continue,
                Next::Rest => {}
                Next::BuildOnceMore(files) => {
                    context.output.warning(&own(&files));
                    continue;
                }
            }
            return Ok(built?.into_iter().next_back().map(|packed| packed.file).unwrap_or_default());
        }
    }

    /// The bundle of the app.
    pub(super) fn bundle(&self) -> &Path {
        &self.bundle
    }

    /// Builds after each change, and makes the conductors run the result: `conductor`, if it is the embedded one.
    /// Failures are reported, and the previous code keeps running.
    ///
    /// # Cancel safety
    /// Cancel-safe: the compiler is killed.
    pub(super) async fn follow(
        mut self,
        context: &Context,
        agents: Vec<Agent>,
        pages: &Pages,
        conductor: Option<&DevConductor>,
    ) -> Result<(), Failure> {
        // The data directory may contain an older version than the one just built.
        let first = self.run(context, &agents, conductor, Instant::now()).await;
        let begun = after(&first);
        first.or_else(|failure| told_or_ended(context, failure))?;
        context.output.note(&format!("watching {}", self.project.directory.display()));
        let directory = self.project.directory.clone();
        let tell = |build| pages.tell_build(&directory, &build);
        tell(begun);
        loop {
            self.changes.saved().await?;
            tell(Build::Building);
            let began = Instant::now();
            let ran = match self.built(context).await {
                Ok(bundle) => {
                    self.bundle = bundle;
                    let ran = self.run(context, &agents, conductor, began).await;
                    tell(after(&ran));
                    ran
                }
                Err(mut failure) => {
                    failure.advise("correct it; until then the app keeps running as it was");
                    tell(Build::Failed { error: failure.causes().join(": ") });
                    Err(failure)
                }
            };
            ran.or_else(|failure| told_or_ended(context, failure))?;
        }
    }

    /// Makes the conductors run the bundle, if they run something else.
    async fn run(
        &self,
        context: &Context,
        agents: &[Agent],
        conductor: Option<&DevConductor>,
        began: Instant,
    ) -> Result<(), Failure> {
        let bundle = input::bundle(&self.bundle).await?;
        for Agent { app_id, admin_port } in agents {
            let settings = context.settings.of_running(*admin_port, None);
            let admin = connect::admin(&settings, connect::CONNECT_TIMEOUT)?;
            let compared = Compared::of(&admin, &bundle, Some(app_id.clone())).await?;
            if compared.is_other_dna() && self.reinstall {
                reinstall(&admin, bundle.clone(), app_id).await?;
                told(context, began, "reinstalled", app_id, &[])?;
                continue;
            }
            let updated = match conductor {
                Some(conductor) => compared.replace(conductor).await,
                None => compared.update(&admin).await,
            };
            let cells = updated.map_err(|mut failure| {
                if compared.is_other_dna() {
                    failure.advise(ANOTHER_DNA);
                }
                failure
            })?;
            if let Some(kept) = compared.kept().filter(|_| conductor.is_none()) {
                context.output.warning(&kept);
            }
            if !cells.is_empty() {
                told(context, began, "reloaded", app_id, &cells)?;
            }
        }
        Ok(())
    }
}

/// The state after something was built and the conductors were to run it.
fn after(ran: &Result<(), Failure>) -> Build {
    match ran {
        Ok(()) => Build::Watching,
        Err(failure) => Build::NotRun {
            error: failure.causes().join(": "),
            advice: failure.advice().unwrap_or_default().to_owned(),
        },
    }
}

/// Builds once. People see Cargo's output as it comes; programs get its errors in the failure.
async fn build(context: &Context, project: &Project) -> Result<Vec<Packed>, Failure> {
    if context.output.json {
        let building = zomes::build(project, Shown::Errors);
        progress::during(context.output, "building the app", building).await
    } else {
        zomes::build(project, Shown::Everything).await
    }
}

/// Which files a build seems to change itself.
fn own(files: &BTreeSet<PathBuf>) -> String {
    let shown: Vec<_> = files.iter().take(MOST_SHOWN).map(|file| file.display().to_string()).collect();
    let more = if files.len() > MOST_SHOWN { ", …" } else { "" };
    format!(
        "files change in every build, so they are ignored while one runs: {}{more}. If you changed them, save one again; if the \
         build changes them, have it write elsewhere",
        shown.join(", ")
    )
}

/// Reports a failure, and continues; unless nobody reads the output any more.
fn told_or_ended(context: &Context, failure: Failure) -> Result<(), Failure> {
    if failure.exit == Exit::Ok {
        return Err(failure);
    }
    context.output.failure(&failure);
    Ok(())
}

/// Most files in such a list.
const MOST_SHOWN: usize = 5;

/// As long as a first build takes, which compiles the HDK.
const LONG: Duration = Duration::from_secs(120);

const TAKES_LONG: &str =
    "the build has been running for two minutes; if it hangs, save a file to start it over";

const ANOTHER_DNA: &str = "different integrity zomes make a different DNA, with its own network and chains; the app keeps running \
    as it was. `ham dev --watch --reinstall` installs it again, without its data";

/// One line, or one object.
fn told(
    context: &Context,
    began: Instant,
    what: &str,
    app_id: &str,
    cells: &[String],
) -> Result<(), Failure> {
    let took = began.elapsed();
    let names = if cells.is_empty() { String::new() } else { format!(": {}", cells.join(", ")) };
    let text = || format!("{what} {app_id}{names} ({:.1} s)", took.as_secs_f64());
    context.output.result(text, &json!({ what: app_id, "cells": cells, "took_ms": milliseconds(took) }))
}
