//! The requests of the admin interface that ham has methods for.

use holochain_conductor_api::{
    AdminRequest, AdminResponse, AppInfo, AppInterfaceInfo, AppStatusFilter,
    IssueAppAuthenticationTokenPayload,
};
use holochain_types::prelude::InstallAppPayload;
use holochain_types::websocket::AllowedOrigins;
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::AgentPubKey;

use super::client::Admin;
use super::pending::READ_AGAIN;
use crate::dialect::Dialect;
use crate::error::AdminError;
use crate::redact::Secret;
use crate::wire;

impl Admin {
    /// The installed apps.
    ///
    /// # Errors
    /// See [`AdminError`]; [`AdminError::NotInRelease`] for a filter that the conductor's release does not know.
    pub async fn list_apps(&self, filter: Option<AppStatusFilter>) -> Result<Vec<AppInfo>, AdminError> {
        let by_restore = !matches!(filter, None | Some(AppStatusFilter::Enabled | AppStatusFilter::Disabled));
        let listed = self.list_apps_by(filter).await;
        if by_restore && matches!(&listed, Err(error) if error.is_unreadable_request()) {
            let Dialect { release, filters_by_restore, .. } = self.dialect().await?;
            if !filters_by_restore {
                let request = "list_apps by this status".into();
                return Err(AdminError::NotInRelease { request, release: *release });
            }
        }
        listed
    }

    async fn list_apps_by(&self, filter: Option<AppStatusFilter>) -> Result<Vec<AppInfo>, AdminError> {
        ask!(self, "list_apps", READ_AGAIN, AdminRequest::ListApps { status_filter: filter },
            AdminResponse::AppsListed(apps) => apps)
    }

    /// The app interfaces. While a conductor boots, entries with port 0 in its configuration can be stale.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn list_app_interfaces(&self) -> Result<Vec<AppInterfaceInfo>, AdminError> {
        ask!(self, "list_app_interfaces", READ_AGAIN, AdminRequest::ListAppInterfaces,
            AdminResponse::AppInterfacesListed(list) => list)
    }

    /// Opens an app interface and returns its port. The interface is permanent: it survives restarts.
    ///
    /// # Errors
    /// See [`AdminError`]; [`list_app_interfaces`](Self::list_app_interfaces) shows whether a lost request took effect.
    pub async fn attach_app_interface(
        &self,
        port: u16,
        allowed_origins: AllowedOrigins,
        installed_app_id: Option<String>,
    ) -> Result<u16, AdminError> {
        ask!(self, "attach_app_interface", "list_app_interfaces tells whether it is there",
            AdminRequest::AttachAppInterface {
                port: Some(port), danger_bind_addr: None, allowed_origins, installed_app_id
            },
            AdminResponse::AppInterfaceAttached { port } => port)
    }

    /// A token that opens one app interface link. By the conductor's default it is valid for 30 s and opens one link.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn issue_app_token(&self, app_id: impl Into<String>) -> Result<Secret, AdminError> {
        let payload = IssueAppAuthenticationTokenPayload::for_installed_app_id(app_id.into());
        ask!(self, "issue_app_authentication_token", "an unused token expires by itself",
            AdminRequest::IssueAppAuthenticationToken(payload),
            AdminResponse::AppAuthenticationTokenIssued(issued) => Secret::new(issued.token))
    }

    /// Installs an app.
    ///
    /// # Errors
    /// See [`AdminError`]; [`list_apps`](Self::list_apps) shows whether a lost request took effect.
    pub async fn install_app(&self, payload: InstallAppPayload) -> Result<AppInfo, AdminError> {
        ask!(self, "install_app", "list_apps tells whether it is installed",
            AdminRequest::InstallApp(Box::new(payload)),
            AdminResponse::AppInstalled(info) => info)
    }

    /// Uninstalls an app.
    ///
    /// # Errors
    /// See [`AdminError`]; [`list_apps`](Self::list_apps) shows whether a lost request took effect.
    pub async fn uninstall_app(&self, app_id: impl Into<String>, force: bool) -> Result<(), AdminError> {
        ask!(self, "uninstall_app", "list_apps tells whether it is gone",
            AdminRequest::UninstallApp { installed_app_id: app_id.into(), force },
            AdminResponse::AppUninstalled => ())
    }

    /// Enables an app.
    ///
    /// # Errors
    /// See [`AdminError`]; [`list_apps`](Self::list_apps) shows whether a lost request took effect.
    pub async fn enable_app(&self, app_id: impl Into<String>) -> Result<AppInfo, AdminError> {
        ask!(self, "enable_app", "list_apps tells its status",
            AdminRequest::EnableApp { installed_app_id: app_id.into() },
            AdminResponse::AppEnabled(info) => info)
    }

    /// Disables an app.
    ///
    /// # Errors
    /// See [`AdminError`]; [`list_apps`](Self::list_apps) shows whether a lost request took effect.
    pub async fn disable_app(&self, app_id: impl Into<String>) -> Result<(), AdminError> {
        ask!(self, "disable_app", "list_apps tells its status",
            AdminRequest::DisableApp { installed_app_id: app_id.into() },
            AdminResponse::AppDisabled => ())
    }

    /// The running cells.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn list_cell_ids(&self) -> Result<Vec<CellId>, AdminError> {
        ask!(self, "list_cell_ids", READ_AGAIN, AdminRequest::ListCellIds,
            AdminResponse::CellIdsListed(cells) => cells)
    }

    /// A new agent key in the conductor's keystore.
    ///
    /// # Errors
    /// See [`AdminError`]; a lost request may leave an unused key.
    pub async fn generate_agent_pub_key(&self) -> Result<AgentPubKey, AdminError> {
        ask!(self, "generate_agent_pub_key", "a lost key is unused", AdminRequest::GenerateAgentPubKey,
            AdminResponse::AgentPubKeyGenerated(key) => key)
    }

    /// One page of a cell's state as the conductor's JSON, starting after chain sequence number `after`. Holochain 0.6
    /// ignores `after` and `limit` and returns the whole chain.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn dump_state(
        &self,
        cell_id: &CellId,
        after: Option<u32>,
        limit: Option<u32>,
    ) -> Result<String, AdminError> {
        let cursor = after.map(holochain_conductor_api::SourceChainCursor::Sequence);
        ask!(self, "dump_state", READ_AGAIN,
            AdminRequest::DumpState {
                cell_id: Box::new(cell_id.clone()), source_chain_cursor: cursor, limit
            },
            AdminResponse::StateDumped(state) => state)
    }
}
