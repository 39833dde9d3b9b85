//! The admin interface: one link, dialled when it is needed and kept while it lives.

use std::sync::Arc;
use std::time::Duration;

use ham_session::{Inbox, Incoming as Pushed, Link, SessionConfig, Target, dial};
use holochain_conductor_api::{
    AdminRequest, AdminResponse, AppInfo, AppInterfaceInfo, AppStatusFilter,
    IssueAppAuthenticationTokenPayload,
};
use holochain_types::prelude::InstallAppPayload;
use holochain_types::websocket::AllowedOrigins;
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{ActionHash, AgentPubKey, CapGrantInfo, GrantZomeCallCapabilityPayload};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::conductor::{ConductorProtocol, Interface, Request};
use crate::config::{DEFAULT_ADMIN_TIMEOUT, DEFAULT_ORIGIN};
use crate::deadline::deadline_after;
use crate::error::AdminError;
use crate::redact::Secret;
use crate::wire;

/// What tells whether a lost request happened. Reads have nothing to reconcile.
const READ_AGAIN: &str = "it is a read: ask again";

/// A client of a conductor's admin interface. Cheap to clone; all clones share one link.
///
/// The link is dialled by the first request and again by the first one after it died, inside that request's own
/// deadline; there is no loop behind it. Dropping the last clone closes the link.
#[derive(Clone, Debug)]
pub struct Admin {
    shared: Arc<Shared>,
}

struct Shared {
    target: Target,
    session: SessionConfig,
    timeout: Duration,
    /// Held while dialling, so that callers at the same time share one dial.
    link: Mutex<Option<Link<ConductorProtocol>>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("target", &self.target)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// The admin interface pushes nothing.
struct NoPushes;

impl Inbox<ConductorProtocol> for NoPushes {
    fn deliver(&self, _: &Link<ConductorProtocol>, incoming: Pushed<ConductorProtocol>) {
        if let Pushed::Skipped { why } = incoming {
            tracing::warn!(event = crate::events::FRAME_SKIPPED, interface = "admin", why);
        }
    }
}

/// Makes one request and takes one kind of answer.
macro_rules! ask {
    ($self:ident, $name:literal, $reconcile:expr, $request:expr, $answer:pat => $value:expr) => {{
        let response = $self.request($name, $reconcile, &$request).await?;
        match response {
            $answer => Ok($value),
            other => Err(AdminError::Answer { request: $name, source: wire::unexpected($name, &other) }),
        }
    }};
}

impl Admin {
    /// A client for the admin interface at `target`; nothing is dialled yet.
    pub fn new(target: Target) -> Self {
        Self::with_config(target, SessionConfig::default(), DEFAULT_ADMIN_TIMEOUT)
    }

    /// As [`new`](Self::new) with a session configuration and a time-out per request, dialling included.
    pub fn with_config(target: Target, session: SessionConfig, timeout: Duration) -> Self {
        Self { shared: Arc::new(Shared { target, session, timeout, link: Mutex::new(None) }) }
    }

    /// A client for the admin interface on a local port, with ham's own origin.
    pub fn local(port: u16) -> Self {
        Self::new(crate::config::local_target(port, DEFAULT_ORIGIN))
    }

    /// Where it dials, without query and credentials.
    pub fn url(&self) -> String {
        crate::config::shown_url(&self.shared.target.url)
    }

    /// Any admin request. `request_name` and `reconcile` go into the error.
    ///
    /// # Errors
    /// See [`AdminError`]; a lost write is [`AdminError::Lost`] with [`Delivery::Unknown`](ham_session::Delivery).
    ///
    /// # Cancel safety
    /// Dropping the future gives up the answer; the request may still be carried out.
    pub async fn request(
        &self,
        request_name: &'static str,
        reconcile: &'static str,
        request: &AdminRequest,
    ) -> Result<AdminResponse, AdminError> {
        let deadline = deadline_after(self.shared.timeout);
        let link = self.link(deadline).await?;
        let out = Request::admin(request).map_err(|why| AdminError::Lost {
            request: request_name,
            reconcile: "nothing was sent",
            source: ham_session::RequestError::Encode(why),
        })?;
        let answer = link.request(out, deadline).await.map_err(|source| AdminError::Lost {
            request: request_name,
            reconcile,
            source,
        })?;
        wire::admin_answer(answer).map_err(|source| AdminError::Answer { request: request_name, source })
    }

    /// Whether a dial is under way.
    pub(crate) fn is_dialling(&self) -> bool {
        self.shared.link.try_lock().is_err()
    }

    /// The live link, dialled if there is none.
    async fn link(&self, deadline: Instant) -> Result<Link<ConductorProtocol>, AdminError> {
        let dialled = async {
            let mut slot = self.shared.link.lock().await;
            if let Some(link) = slot.as_ref().filter(|link| link.end().is_none()) {
                return Ok(link.clone());
            }
            let protocol = Arc::new(ConductorProtocol::new(Interface::Admin));
            let link = dial(&self.shared.target, protocol, Arc::new(NoPushes), &self.shared.session)
                .await
                .map_err(|source| AdminError::Dial { url: self.url(), source: Arc::new(source) })?;
            *slot = Some(link.clone());
            Ok(link)
        };
        match tokio::time::timeout_at(deadline, dialled).await {
            Ok(result) => result,
            Err(_) => Err(AdminError::Dial {
                url: self.url(),
                source: Arc::new(ham_session::DialError::TimedOut {
                    phase: ham_session::DialPhase::Connect,
                    after: self.shared.timeout,
                }),
            }),
        }
    }

    /// The installed apps.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn list_apps(&self, filter: Option<AppStatusFilter>) -> Result<Vec<AppInfo>, AdminError> {
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

    /// Opens an app interface and returns its port. It stays for ever, restarts included.
    ///
    /// # Errors
    /// See [`AdminError`]; a lost one shows in [`list_app_interfaces`](Self::list_app_interfaces).
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

    /// A token that opens one app interface link. Lives 30 s and is used up by one link, by the conductor's default.
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
    /// See [`AdminError`]; a lost one shows in [`list_apps`](Self::list_apps).
    pub async fn install_app(&self, payload: InstallAppPayload) -> Result<AppInfo, AdminError> {
        ask!(self, "install_app", "list_apps tells whether it is installed",
            AdminRequest::InstallApp(Box::new(payload)),
            AdminResponse::AppInstalled(info) => info)
    }

    /// Uninstalls an app.
    ///
    /// # Errors
    /// See [`AdminError`]; a lost one shows in [`list_apps`](Self::list_apps).
    pub async fn uninstall_app(&self, app_id: impl Into<String>, force: bool) -> Result<(), AdminError> {
        ask!(self, "uninstall_app", "list_apps tells whether it is gone",
            AdminRequest::UninstallApp { installed_app_id: app_id.into(), force },
            AdminResponse::AppUninstalled => ())
    }

    /// Enables an app.
    ///
    /// # Errors
    /// See [`AdminError`]; a lost one shows in [`list_apps`](Self::list_apps).
    pub async fn enable_app(&self, app_id: impl Into<String>) -> Result<AppInfo, AdminError> {
        ask!(self, "enable_app", "list_apps tells its status",
            AdminRequest::EnableApp { installed_app_id: app_id.into() },
            AdminResponse::AppEnabled(info) => info)
    }

    /// Disables an app.
    ///
    /// # Errors
    /// See [`AdminError`]; a lost one shows in [`list_apps`](Self::list_apps).
    pub async fn disable_app(&self, app_id: impl Into<String>) -> Result<(), AdminError> {
        ask!(self, "disable_app", "list_apps tells its status",
            AdminRequest::DisableApp { installed_app_id: app_id.into() },
            AdminResponse::AppDisabled => ())
    }

    /// The cells that run.
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
    /// See [`AdminError`]; a lost one leaves an unused key.
    pub async fn generate_agent_pub_key(&self) -> Result<AgentPubKey, AdminError> {
        ask!(self, "generate_agent_pub_key", "a lost key is unused", AdminRequest::GenerateAgentPubKey,
            AdminResponse::AgentPubKeyGenerated(key) => key)
    }

    /// Writes a zome-call capability grant to a cell's source chain.
    ///
    /// # Errors
    /// See [`AdminError`]. An error answer can follow the write (the cell stopped in between): read
    /// [`grants`](Self::grants) before granting again.
    pub async fn grant_zome_call_capability(
        &self,
        payload: GrantZomeCallCapabilityPayload,
    ) -> Result<ActionHash, AdminError> {
        ask!(self, "grant_zome_call_capability", "list_capability_grants tells whether it is there",
            AdminRequest::GrantZomeCallCapability(Box::new(payload)),
            AdminResponse::ZomeCallCapabilityGranted(hash) => hash)
    }

    /// The capability grants of an app's provisioned cells, without their secrets. Conductors leave clones out
    /// (`holochain` 0.7.1).
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn grants(
        &self,
        app_id: impl Into<String>,
        include_revoked: bool,
    ) -> Result<Vec<(CellId, Vec<CapGrantInfo>)>, AdminError> {
        ask!(self, "list_capability_grants", READ_AGAIN,
            AdminRequest::ListCapabilityGrants { installed_app_id: app_id.into(), include_revoked },
            AdminResponse::CapabilityGrantsInfo(info) => info.0)
    }

    /// Revokes a zome-call capability grant.
    ///
    /// # Errors
    /// See [`AdminError`]; a lost one shows in [`grants`](Self::grants).
    pub async fn revoke_grant(&self, cell_id: CellId, action_hash: ActionHash) -> Result<(), AdminError> {
        ask!(self, "revoke_zome_call_capability", "list_capability_grants tells whether it is revoked",
            AdminRequest::RevokeZomeCallCapability { action_hash, cell_id },
            AdminResponse::ZomeCallCapabilityRevoked => ())
    }

    /// One page of a cell's state as the conductor's JSON, starting after chain sequence number `after`.
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
