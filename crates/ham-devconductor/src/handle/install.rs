//! Installs an app from this process.

use std::sync::Arc;

use holochain_types::app::{AppBundleSource, InstalledAppId};

use crate::bundle;
use crate::conductor::{Conductor, InstallParams};
use crate::error::InstallError;

/// What is done about an installed app with this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// It is enabled, whatever code it runs.
    Enabled,
    /// It is enabled if it runs the code of the bundle.
    Compared,
}

/// Installs and enables the app of a bundle; if it is already installed, only enables it. The caller may leave: this is
/// done as a whole, and the conductor does not end before it. `held` is dropped then.
pub(super) async fn install(
    conductor: &Arc<Conductor>,
    bundle: Vec<u8>,
    id: Option<String>,
    known: Known,
    held: impl Send + 'static,
) -> Result<String, InstallError> {
    let act = Arc::clone(conductor);
    let acting = conductor.life().tasks().spawn(async move {
        let installed = installed(&act, bundle, id, known).await;
        drop(held);
        installed
    });
    acting.await.unwrap_or_else(|panicked| Err(InstallError::Refused { source: panicked.into() }))
}

async fn installed(
    conductor: &Arc<Conductor>,
    bundle: Vec<u8>,
    id: Option<String>,
    known: Known,
) -> Result<String, InstallError> {
    let _guard = conductor.work().begin().await;
    let id = match id {
        // The bundle is not examined.
        Some(id) if known == Known::Enabled && is_known(conductor, &id) => id,
        id => there(conductor, bundle, id, known).await?,
    };
    match conductor.enable_app(&id).await {
        Ok(_) => Ok(id),
        Err(error) => Err(InstallError::NotEnabled { id, source: error.into() }),
    }
}

/// The app is installed now, or was already.
async fn there(
    conductor: &Conductor,
    bundle: Vec<u8>,
    id: Option<String>,
    known: Known,
) -> Result<String, InstallError> {
    let bundle = bundle::unpack(AppBundleSource::Bytes(bundle.into())).await?;
    let id = id.unwrap_or_else(|| bundle.manifest().app_name().to_owned());
    if !is_known(conductor, &id) {
        let params = InstallParams { id: Some(id.clone()), ..InstallParams::default() };
        match conductor.install_bundle(bundle.clone(), params).await {
            Ok(_) => return Ok(id),
            // Another installation of it was faster.
            Err(_) if is_known(conductor, &id) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if known == Known::Compared
        && let Some(other) = conductor.other_code(&id, bundle).await?
    {
        return Err(InstallError::OtherCode { id, role: other.role, is_other_dna: other.is_other_dna });
    }
    Ok(id)
}

fn is_known(conductor: &Conductor, id: &InstalledAppId) -> bool {
    conductor.apps().state().get_app(id).is_ok()
}
