//! Installing an app from this process.

use std::sync::Arc;

use holochain_types::app::{AppBundleSource, InstallAppPayload};

use crate::bundle;
use crate::conductor::Conductor;
use crate::error::InstallError;

/// What becomes of an app of the id that is installed already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// It is enabled, whatever it runs.
    Enabled,
    /// It is enabled where it runs what the bundle has.
    Compared,
}

/// Installs and enables the app of a bundle, unless it is installed; then only enables it. Whoever asked may leave: it is one act, and the
/// conductor ends no sooner than it does.
pub(super) async fn install(
    conductor: &Arc<Conductor>,
    bundle: Vec<u8>,
    id: Option<String>,
    known: Known,
) -> Result<String, InstallError> {
    let act = Arc::clone(conductor);
    let acting = conductor.life().tasks().spawn(async move { installed(&act, bundle, id, known).await });
    acting.await.unwrap_or_else(|panicked| Err(InstallError::Refused { source: panicked.into() }))
}

async fn installed(
    conductor: &Arc<Conductor>,
    bundle: Vec<u8>,
    id: Option<String>,
    known: Known,
) -> Result<String, InstallError> {
    let source = AppBundleSource::Bytes(bundle.into());
    let _begun = conductor.work().begin().await;
    let id = match id {
        Some(id) => id,
        None => bundle::unpack(source.clone()).await?.manifest().app_name().to_owned(),
    };
    let is_known = || conductor.apps().state().get_app(&id).is_ok();
    let mut was_known = is_known();
    if !was_known {
        let payload = InstallAppPayload {
            source: source.clone(),
            agent_key: None,
            installed_app_id: Some(id.clone()),
            network_seed: None,
            roles_settings: None,
            ignore_genesis_failure: false,
            restore_from_dht: false,
        };
        match conductor.install_app(payload).await {
            Ok(_) => {}
            // Another who installs it was faster.
            Err(_) if is_known() => was_known = true,
            Err(error) => return Err(error.into()),
        }
    }
    if was_known
        && known == Known::Compared
        && let Some(other) = conductor.other_code(&id, source).await?
    {
        return Err(InstallError::OtherCode { id, role: other.role, is_other_dna: other.is_other_dna });
    }
    match conductor.enable_app(&id).await {
        Ok(_) => Ok(id),
        Err(error) => Err(InstallError::NotEnabled { id, source: error.into() }),
    }
}
