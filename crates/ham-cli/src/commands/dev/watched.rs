//! `ham dev --watch`: builds when a file changes, and runs what was built.

use std::path::{Path, PathBuf};

use ham::Admin;
use ham::holochain_client::InstallAppPayload;
use holochain_types::prelude::AppBundleSource;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::code::Compared;
use crate::commands::grants::installed;
use crate::commands::ping::milliseconds;
use crate::connect;
use crate::context::Context;
use crate::failure::Failure;
use crate::input;
use crate::progress;
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

    /// Builds after each change, and has the conductor run it. What fails is told, and what ran before runs on.
    ///
    /// # Cancel safety
    /// Cancel-safe: the compiler is killed.
    pub(super) async fn follow(
        mut self,
        context: &Context,
        port: u16,
        app_id: String,
    ) -> Result<(), Failure> {
        let settings = context.settings.of_running(port, None);
        let admin = connect::admin(&settings, connect::CONNECT_TIMEOUT)?;
        // What the directory of data keeps may be older than what was built.
        self.run(context, &admin, &app_id, Instant::now()).await?;
        context.output.note(&format!("watching {}", self.project.directory.display()));
        loop {
            self.changes.next().await;
            let began = Instant::now();
            match self.again(context, &admin, &app_id, began).await {
                Err(failure) if failure.exit == crate::exit::Exit::Ok => return Err(failure),
                Err(failure) => context.output.failure(&failure),
                Ok(()) => {}
            }
        }
    }

    async fn again(
        &self,
        context: &Context,
        admin: &Admin,
        app_id: &str,
        began: Instant,
    ) -> Result<(), Failure> {
        let built = zomes::build(&self.project, Shown::FirstError);
        let built = progress::during(context.output, "building the app", built).await;
        built.map_err(|mut failure| {
            failure.advise("correct it; until then the app runs on as it was");
            failure
        })?;
        self.run(context, admin, app_id, began).await
    }

    /// Has the conductor run the bundle, where it runs something else.
    async fn run(
        &self,
        context: &Context,
        admin: &Admin,
        app_id: &str,
        began: Instant,
    ) -> Result<(), Failure> {
        let bundle = input::bundle(&self.bundle).await?;
        let compared = Compared::of(admin, &bundle, Some(app_id.to_owned())).await?;
        if compared.other_dna.is_some() && self.reinstall {
            reinstall(admin, bundle, app_id).await?;
            return told(context, began, "reinstalled", json!(app_id), app_id);
        }
        compared.update(admin).await.map_err(|mut failure| {
            if compared.other_dna.is_some() {
                failure.advise(
                    "other integrity zomes are another DNA, with a network and chains of its own; the app runs on as it was. \
                     `ham dev --watch --reinstall` installs it anew, without its data",
                );
            }
            failure
        })?;
        match compared.stale() {
            cells if cells.is_empty() => Ok(()),
            cells => told(context, began, "reloaded", json!(cells), &cells.join(", ")),
        }
    }
}

/// One line, or one object.
fn told(context: &Context, began: Instant, what: &str, value: Value, names: &str) -> Result<(), Failure> {
    let took = began.elapsed();
    let text = || format!("{what} {names} ({:.1} s)", took.as_secs_f64());
    context.output.result(text, &json!({ what: value, "took_ms": milliseconds(took) }))
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
