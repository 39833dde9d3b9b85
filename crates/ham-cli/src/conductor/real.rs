//! Finds, builds and starts `holochain`.

use std::path::Path;

use ham::Admin;
use ham_launcher::{
    Conductor, ConductorBuilder, Install, InstallError, InstallOptions, LaunchError, Lookup, MAX_DATA_PATH,
    READY_VARIABLE, Release, Tool,
};
use holochain_types::app::AppBundleSource;

use crate::advice;
use crate::app;
use crate::built_with;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::{self, Spinner};

/// The command that unpacks or builds the conductor of this release.
pub(crate) fn install_command(release: Release) -> String {
    if release == Release::default() {
        "ham conductor install".to_owned()
    } else {
        format!("ham conductor install --release {release}")
    }
}

/// The binary, built if need be.
pub(crate) async fn ensure(output: Output, tool: Tool) -> Result<Install, Failure> {
    // Only a build reports anything, and its reports are shown from then on.
    let mut spinner: Option<Spinner> = None;
    let lookup = Lookup::of(tool);
    let ensured = lookup.ensure(|progress| {
        let text = progress.to_string();
        match &spinner {
            Some(spinner) => spinner.say(&text, progress.is_worth_a_line()),
            None => spinner = Some(Spinner::start(output, &text)),
        }
    });
    ensured.await.map_err(|error| install_failure(tool, error))
}

/// Starts a conductor, whose binary is built if need be.
pub(crate) async fn start(output: Output, builder: ConductorBuilder) -> Result<Conductor, Failure> {
    let tool = Tool::Conductor(builder.release());
    let builder = builder.with_install(ensure(output, tool).await?);
    progress::during(output, "starting the conductor", builder.start()).await.map_err(launch_failure)
}

/// Installs and enables an app in it, unless there is an app with this id, and waits until it can be called. Returns
/// the id: the bundle's, if none is given.
pub(crate) async fn install(
    output: Output,
    conductor: &Conductor,
    bundle: Vec<u8>,
    id: Option<String>,
) -> Result<String, Failure> {
    let admin = Admin::local(conductor.admin_port());
    let installing = async {
        // If data were kept, the app may exist from an earlier run.
        let apps = admin.list_apps(None).await?;
        let there = apps.into_iter().find(|app| id.as_ref() == Some(&app.installed_app_id));
        let info = match there {
            Some(info) => info,
            None => {
                if let Some(told) = built_with::for_another_release(&bundle, admin.release().await?).await {
                    output.warning(&told);
                }
                let source = AppBundleSource::Bytes(bundle.into());
                let payload = InstallOptions::default().payload(source, id);
                let installed = admin.install_app(payload).await;
                installed.map_err(|error| Failure::new(Exit::Refused, error, advice::INSTALL))?
            }
        };
        let awaits = app::awaits_proofs(&info);
        let id = info.installed_app_id;
        if let Some(awaits) = awaits {
            output.warning(&awaits);
            return Ok(id);
        }
        admin.enable_app(&id).await?;
        let callable = conductor.wait_until_callable(&id).await;
        callable.map_err(|error| Failure::new(Exit::Refused, error, advice::INSTALL))?;
        Ok(id)
    };
    progress::during(output, "installing the app", installing).await
}

/// The keystore's socket is in the data directory, and a socket's path must be short. Checked before anything is built.
pub(crate) fn check_path(directory: &Path) -> Result<(), Failure> {
    let fits =
        std::path::absolute(directory).is_ok_and(|directory| directory.as_os_str().len() <= MAX_DATA_PATH);
    if fits { Ok(()) } else { Err(Failure::path_too_long(directory)) }
}

pub(crate) fn install_failure(tool: Tool, error: InstallError) -> Failure {
    let variable = tool.variable();
    let advice = match &error {
        InstallError::BuildFailed { .. } | InstallError::TimedOut { .. } => {
            "cargo's output says why; run it again to continue where it stopped".to_owned()
        }
        InstallError::Cache { .. } | InstallError::NoCache { .. } => {
            "name a writable directory in HAM_CACHE_DIR".to_owned()
        }
        InstallError::CargoMissing { .. } => format!("install Rust, or name a binary in {variable}"),
        InstallError::NotUnpacked { .. } => {
            format!("correct or clear {READY_VARIABLE}; if it is empty, {tool} is built instead")
        }
        _ => format!("correct or unset {variable}"),
    };
    Failure::new(Exit::Local, error, advice)
}

/// The failure for a conductor, or a relay, that does not start.
pub(crate) fn launch_failure(error: LaunchError) -> Failure {
    let advice = match &error {
        LaunchError::AddressInUse { .. } => "stop whatever is using the port, or pass another --admin-port",
        LaunchError::Data { .. } | LaunchError::DataPathTooLong { .. } => "pass another, shorter --data",
        _ => "the conductor's message says why",
    };
    Failure::new(Exit::Local, error, advice)
}
