//! Installing an app from this process.

use std::sync::Arc;

use holochain_types::app::{AppBundleSource, InstallAppPayload};

use crate::bundle;
use crate::conductor::Conductor;
use crate::error::InstallError;

/// Installs and enables the app of a bundle, unless it is installed; then only enables it.
pub(super) async fn install(
    conductor: &Arc<Conductor>,
    bundle: Vec<u8>,
    id: Option<String>,
) -> Result<String, InstallError> {
    let source = AppBundleSource::Bytes(bundle.into());
    let _begun = conductor.work().begin().await;
    let id = match id {
        Some(id) => id,
        None => bundle::unpack(source.clone()).await?.manifest().app_name().to_owned(),
    };
    if conductor.apps().state().get_app(&id).is_err() {
        let payload = InstallAppPayload {
            source,
            agent_key: None,
            installed_app_id: Some(id.clone()),
            network_seed: None,
            roles_settings: None,
            ignore_genesis_failure: false,
            restore_from_dht: false,
        };
        conductor.install_app(payload).await?;
    }
    match conductor.enable_app(&id).await {
        Ok(_) => Ok(id),
        Err(error) => Err(InstallError::NotEnabled { id, source: error.into() }),
    }
}
