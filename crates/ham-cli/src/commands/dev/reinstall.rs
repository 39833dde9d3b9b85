//! Reinstalls an app.

use ham::Admin;
use ham::holochain_client::InstallAppPayload;
use holochain_types::prelude::AppBundleSource;

use crate::commands::grants::installed;
use crate::failure::Failure;

/// Removes the app with its data and installs it again, with the same agent.
pub(super) async fn reinstall(admin: &Admin, bundle: Vec<u8>, app_id: &str) -> Result<(), Failure> {
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
