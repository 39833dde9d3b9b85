//! `ham dev --watch`: builds when a file changes, and runs what was built.

use std::path::{Path, PathBuf};

use ham::Admin;
use ham::holochain_client::InstallAppPayload;
use ham_page::Build;
use holochain_types::prelude::AppBundleSource;
use serde_json::json;
use tokio::time::Instant;

use crate::code::Compared;
use crate::commands::grants::installed;
use crate::commands::ping::milliseconds;
use crate::connect;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::page::Pages;
use crate::progress;
use crate::running::Agent;
use crate::zomes::{self, Changes, Project, Shown};

/// An app that is built here and watched from then on.
#[derive(Debug)]
pub(super) struct Watched {
    project: Project,
    changes: Changes,
    bundle: PathBuf,
    /// Where the integrity zomes change, install the app anew.
    reinstall: bool,
}

impl Watched {
    /// Builds it. What changes meanwhile is built again afterwards.
    ///
    /// # Cancel safety
    /// Cancel-safe: the compiler is killed.
    pub(super) async fn build(context: &Context, directory: &Path, reinstall: bool) -> Result<Self, Failure> {
        let project = Project::of(directory).await?;
        let changes = Changes::of(&project)?;
        let built = zomes::build(&project, Shown::FirstError);
        let built = progress::during(context.output, "building the app", built).await?;
        let bundle = built.into_iter().next_back().map(|packed| packed.file).unwrap_or_default();
        Ok(Self { project, changes, bundle, reinstall })
    }

    /// The bundle of the app.
    pub(super) fn bundle(&self) -> &Path {
        &self.bundle
    }

    /// Builds after each change, and has the conductors run it. What fails is told, and what ran before runs on.
    ///
    /// # Cancel safety
    /// Cancel-safe: the compiler is killed.
    pub(super) async fn follow(
        mut self,
        context: &Context,
        agents: Vec<Agent>,
        pages: &Pages,
    ) -> Result<(), Failure> {
        // What the directory of data keeps may be older than what was built.
        let first = self.run(context, &agents, Instant::now()).await;
        first.or_else(|failure| told_or_ended(context, failure))?;
        context.output.note(&format!("watching {}", self.project.directory.display()));
        let directory = self.project.directory.clone();
        let tell = |build| pages.tell_build(&directory, &build);
        tell(Build::Watching);
        loop {
            self.changes.next().await;
            tell(Build::Building);
            let again = self.again(context, &agents).await;
            tell(match &again {
                Ok(()) => Build::Watching,
                Err(failure) => Build::Failed { error: failure.causes().join(": ") },
            });
            again.or_else(|failure| told_or_ended(context, failure))?;
        }
    }

    async fn again(&mut self, context: &Context, agents: &[Agent]) -> Result<(), Failure> {
        let began = Instant::now();
        // A package may have come or gone. What changes from here on is told by the new watcher.
        let project = Project::of(&self.project.directory).await?;
        self.changes = Changes::of(&project)?;
        self.project = project;
        let built = zomes::build(&self.project, Shown::FirstError);
        let built = progress::during(context.output, "building the app", built).await;
        built.map_err(|mut failure| {
            failure.advise("correct it; until then the app runs on as it was");
            failure
        })?;
        self.run(context, agents, began).await
    }

    /// Has the conductors run the bundle, where they run something else.
    async fn run(&self, context: &Context, agents: &[Agent], began: Instant) -> Result<(), Failure> {
        let bundle = input::bundle(&self.bundle).await?;
        for Agent { app_id, admin_port } in agents {
            let settings = context.settings.of_running(*admin_port, None);
            let admin = connect::admin(&settings, connect::CONNECT_TIMEOUT)?;
            let compared = Compared::of(&admin, &bundle, Some(app_id.clone())).await?;
            if compared.other_dna.is_some() && self.reinstall {
                reinstall(&admin, bundle.clone(), app_id).await?;
                told(context, began, "reinstalled", app_id, &[])?;
                continue;
            }
            compared.update(&admin).await.map_err(|mut failure| {
                if compared.other_dna.is_some() {
                    failure.advise(ANOTHER_DNA);
                }
                failure
            })?;
            let cells = compared.stale();
            if !cells.is_empty() {
                told(context, began, "reloaded", app_id, &cells)?;
            }
        }
        Ok(())
    }
}

/// Tells of a failure, and goes on; unless nobody reads any more.
fn told_or_ended(context: &Context, failure: Failure) -> Result<(), Failure> {
    if failure.exit == Exit::Ok {
        return Err(failure);
    }
    context.output.failure(&failure);
    Ok(())
}

const ANOTHER_DNA: &str = "other integrity zomes are another DNA, with a network and chains of its own; the app runs on as it was. \
    `ham dev --watch --reinstall` installs it anew, without its data";

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

/// Removes the app with its data and installs it again, with the same agent.
async fn reinstall(admin: &Admin, bundle: Vec<u8>, app_id: &str) -> Result<(), Failure> {
    let agent_key = Some(installed(admin, app_id).await?.agent_pub_key);
    admin.uninstall_app(app_id, false).await?;
    let payload = InstallAppPayload {
        source: AppBundleSource::Bytes(bundle.into()),
        agent_key,
        installed_app_id: Some(app_id.to_owned()),
        network_seed: None,
        roles_settings: None,
        ignore_genesis_failure: false,
        restore_from_dht: false,
    };
    admin.install_app(payload).await?;
    admin.enable_app(app_id).await?;
    Ok(())
}
