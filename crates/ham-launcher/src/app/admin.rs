//! Apps, interfaces and tokens, through the upstream client, so that ham itself can be tested with the launcher.

use std::collections::HashSet;
use std::time::Duration;

use holochain_client::{
    AdminWebsocket, AllowedOrigins, AppAuthenticationToken, AppInfo, CellId, CellInfo, ConductorApiError,
    InstallAppPayload, IssueAppAuthenticationTokenPayload,
};
use holochain_types::app::{AppStatus, MemproofMap, RoleSettings, RoleSettingsMap};
use holochain_types::dna::AgentPubKey;
use tokio::time::Instant;

use super::bundle::HappBundleSource;
use crate::error::AdminError;
use crate::run::launch::Conductor;

/// How long the conductor may take to answer one administrative request.
pub const DEFAULT_ADMIN_TIMEOUT: Duration = Duration::from_secs(60);

/// How long [`Conductor::wait_until_callable`] waits.
pub const DEFAULT_CALLABLE_TIMEOUT: Duration = Duration::from_secs(60);

/// How often [`Conductor::wait_until_callable`] polls: the conductor does not announce that a cell runs.
pub const CALLABLE_INTERVAL: Duration = Duration::from_millis(50);

/// The `Origin` of the launcher's own connections.
const ORIGIN: &str = "ham-launcher";

/// How to install an app. The default leaves everything to the bundle, with a new agent key.
#[derive(Debug, Clone, Default)]
pub struct InstallOptions {
    /// The agent; `None` makes a new key.
    pub agent_key: Option<AgentPubKey>,
    /// The network seed of all roles: apps with different seeds never meet.
    pub network_seed: Option<String>,
    /// Membrane proofs by role; they take precedence over those of `roles`.
    pub memproofs: MemproofMap,
    /// Settings by role.
    pub roles: RoleSettingsMap,
}

impl InstallOptions {
    /// The admin request that installs `bundle` this way; without an id, the app gets the bundle's name.
    pub fn payload(self, bundle: HappBundleSource, app_id: Option<String>) -> InstallAppPayload {
        let mut roles = self.roles;
        for (role, proof) in self.memproofs {
            if let RoleSettings::Provisioned { membrane_proof, .. } = roles.entry(role).or_default() {
                *membrane_proof = Some(proof);
            }
        }
        InstallAppPayload {
            source: bundle,
            agent_key: self.agent_key,
            installed_app_id: app_id,
            network_seed: self.network_seed,
            roles_settings: (!roles.is_empty()).then_some(roles),
            ignore_genesis_failure: false,
            restore_from_dht: false,
        }
    }
}

/// What a token allows. The default is the conductor's: one use within 30 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenOptions {
    /// Whether the first use ends it.
    pub single_use: bool,
    /// How long it is valid, in whole seconds; zero means for ever.
    pub expiry: Duration,
}

impl Default for TokenOptions {
    fn default() -> Self {
        Self { single_use: true, expiry: Duration::from_secs(30) }
    }
}

impl Conductor {
    /// A new connection to the admin interface, for everything that the methods here do not cover.
    ///
    /// # Errors
    /// [`AdminError::Refused`] and [`AdminError::TimedOut`].
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn admin(&self) -> Result<AdminWebsocket, AdminError> {
        let connecting = AdminWebsocket::connect(self.admin_address(), Some(ORIGIN.to_owned()));
        self.bounded("connect", connecting).await
    }

    /// Installs an app; it is not enabled yet.
    ///
    /// # Errors
    /// [`AdminError::Refused`] and [`AdminError::TimedOut`].
    ///
    /// # Cancel safety
    /// Not cancel safe: it is then unknown whether the app was installed; list the apps to find out.
    pub async fn install_app(
        &self,
        bundle: &HappBundleSource,
        app_id: &str,
        options: InstallOptions,
    ) -> Result<AppInfo, AdminError> {
        let payload = options.payload(bundle.clone(), Some(app_id.to_owned()));
        let admin = self.admin().await?;
        self.bounded("install_app", admin.install_app(payload)).await
    }

    /// Enables an app.
    ///
    /// # Errors
    /// [`AdminError::Refused`] and [`AdminError::TimedOut`].
    ///
    /// # Cancel safety
    /// Not cancel safe: it is then unknown whether the app was enabled; enabling it again is harmless.
    pub async fn enable(&self, app_id: &str) -> Result<(), AdminError> {
        let admin = self.admin().await?;
        self.bounded("enable_app", admin.enable_app(app_id.to_owned())).await.map(|_| ())
    }

    /// Resolves when the app is enabled and all its cells run. Polls every [`CALLABLE_INTERVAL`], for at most
    /// [`DEFAULT_CALLABLE_TIMEOUT`]: the conductor opens its admin interface before its cells and announces neither.
    ///
    /// # Errors
    /// [`AdminError::NotCallable`] at once when waiting cannot help (not installed, disabled, a membrane proof missing);
    /// [`AdminError::TimedOut`], [`AdminError::Refused`].
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn wait_until_callable(&self, app_id: &str) -> Result<AppInfo, AdminError> {
        let admin = self.admin().await?;
        let begun = Instant::now();
        loop {
            if let Some(info) = self.callable(&admin, app_id).await? {
                return Ok(info);
            }
            if begun.elapsed() > DEFAULT_CALLABLE_TIMEOUT {
                let after = DEFAULT_CALLABLE_TIMEOUT;
                return Err(AdminError::TimedOut {
                    request: "wait_until_callable",
                    after,
                    logs: self.log_tail(),
                });
            }
            look_again_later().await;
        }
    }

    /// Opens an app interface and returns its port; 0 lets the system choose. **Permanent**: the conductor opens it again at every start.
    ///
    /// # Errors
    /// [`AdminError::Refused`] and [`AdminError::TimedOut`].
    ///
    /// # Cancel safety
    /// Not cancel safe: the interface may have been attached; list the interfaces to find out.
    pub async fn attach_app_interface(
        &self,
        port: u16,
        origins: AllowedOrigins,
        app_id: Option<&str>,
    ) -> Result<u16, AdminError> {
        let admin = self.admin().await?;
        let attached = admin.attach_app_interface(port, None, origins, app_id.map(str::to_owned));
        self.bounded("attach_app_interface", attached).await
    }

    /// Issues a token for connections to an app. Tokens live in the conductor's memory: a restart loses them.
    ///
    /// # Errors
    /// [`AdminError::Refused`] and [`AdminError::TimedOut`].
    ///
    /// # Cancel safety
    /// Cancel safe in effect: an unused token expires.
    pub async fn issue_token(
        &self,
        app_id: &str,
        options: TokenOptions,
    ) -> Result<AppAuthenticationToken, AdminError> {
        let payload = IssueAppAuthenticationTokenPayload {
            installed_app_id: app_id.to_owned(),
            expiry_seconds: options.expiry.as_secs(),
            single_use: options.single_use,
        };
        let admin = self.admin().await?;
        let issued = self.bounded("issue_app_auth_token", admin.issue_app_auth_token(payload)).await?;
        Ok(issued.token)
    }

    /// The app, if it can be called now; an error if it never will be.
    async fn callable(&self, admin: &AdminWebsocket, app_id: &str) -> Result<Option<AppInfo>, AdminError> {
        let never = |status: String| Err(AdminError::NotCallable { app_id: app_id.to_owned(), status });
        let apps = self.bounded("list_apps", admin.list_apps(None)).await?;
        let Some(info) = apps.into_iter().find(|app| app.installed_app_id == app_id) else {
            return never("not installed".to_owned());
        };
        match &info.status {
            AppStatus::Enabled => {}
            AppStatus::AwaitingRestore => return Ok(None),
            status => return never(format!("{status:?}")),
        }
        let running = self.bounded("list_cell_ids", admin.list_cell_ids()).await?;
        let running: HashSet<CellId> = running.into_iter().collect();
        let all_run = cells(&info).all(|cell| running.contains(cell));
        Ok(all_run.then_some(info))
    }

    pub(crate) async fn bounded<T>(
        &self,
        request: &'static str,
        answer: impl Future<Output = Result<T, ConductorApiError>>,
    ) -> Result<T, AdminError> {
        let after = DEFAULT_ADMIN_TIMEOUT;
        match tokio::time::timeout(after, answer).await {
            Ok(answer) => answer.map_err(|source| AdminError::Refused {
                request,
                source: Box::new(source),
                logs: self.log_tail(),
            }),
            Err(_) => Err(AdminError::TimedOut { request, after, logs: self.log_tail() }),
        }
    }
}

/// The running cells of an enabled app: provisioned ones and enabled clones.
pub(crate) fn cells(info: &AppInfo) -> impl Iterator<Item = &CellId> {
    info.cell_info.values().flatten().filter_map(|cell| match cell {
        CellInfo::Provisioned(cell) => Some(&cell.cell_id),
        CellInfo::Cloned(clone) if clone.enabled => Some(&clone.cell_id),
        CellInfo::Cloned(_) | CellInfo::Stem(_) => None,
    })
}

#[expect(clippy::disallowed_methods, reason = "the one poll of running cells, at CALLABLE_INTERVAL")]
async fn look_again_later() {
    tokio::time::sleep(CALLABLE_INTERVAL).await;
}
