//! The newest knowledge of the app.

use std::sync::{Arc, PoisonError, RwLock};

use ham_session::Link;
use holochain_conductor_api::AppInfo;

use crate::events;
use crate::wire::ConductorProtocol;

/// The newest app info: what the newest link said last.
#[derive(Debug, Default)]
pub(crate) struct KnownApp {
    /// With the number of the link that said it; none if it was the admin interface, before the first link.
    newest: RwLock<Option<(Option<u64>, Arc<AppInfo>)>>,
}

impl KnownApp {
    /// What the newest link said.
    pub(crate) fn known(&self) -> Option<Arc<AppInfo>> {
        let newest = self.newest.read().unwrap_or_else(PoisonError::into_inner);
        newest.as_ref().filter(|(by, _)| by.is_some()).map(|(_, info)| info.clone())
    }

    /// Keeps what the admin interface says before a first link is dialled.
    pub(crate) fn expect(&self, info: AppInfo) {
        let mut newest = self.newest.write().unwrap_or_else(PoisonError::into_inner);
        if newest.as_ref().is_none_or(|(by, _)| by.is_none()) {
            *newest = Some((None, Arc::new(info)));
        }
    }

    /// Keeps what a link learned in its handshake, unless it has learned more since.
    pub(crate) fn greeted(&self, link: &Link<ConductorProtocol>) {
        if let Some(info) = link.welcome().app() {
            self.keep(link, Arc::new(info.clone()), |by| by >= Some(link.id()));
        }
    }

    /// Keeps what a link says, unless a newer link has spoken: an answer can be read late.
    pub(crate) fn learn(&self, link: &Link<ConductorProtocol>, info: Arc<AppInfo>) {
        self.keep(link, info, |by| by > Some(link.id()));
    }

    /// Keeps it unless it is `stale`, given the number of the link that said what is known.
    ///
    /// The signals of a reinstalled app come only on links that were opened after it. A link that is the first to report the new
    /// installation may have been opened before it, whatever it was told: it is replaced, and the gap is reported.
    fn keep(
        &self,
        link: &Link<ConductorProtocol>,
        info: Arc<AppInfo>,
        stale: impl FnOnce(Option<u64>) -> bool,
    ) {
        let mut newest = self.newest.write().unwrap_or_else(PoisonError::into_inner);
        let known = newest.as_ref().map(|(by, known)| (*by, known.clone()));
        if known.as_ref().is_some_and(|(by, _)| stale(*by)) {
            return;
        }
        *newest = Some((Some(link.id()), info.clone()));
        drop(newest);
        let known = known.as_ref().map(|(_, known)| &**known);
        let mut before = known.into_iter().chain(link.welcome().app());
        let is_another = before.any(|then| is_another_installation(then, &info)) && link.takes_requests();
        if is_another {
            tracing::warn!(event = events::REINSTALLED, app_id = info.installed_app_id);
            link.retire();
        }
    }
}

/// Whether the app was reinstalled in between.
fn is_another_installation(known: &AppInfo, now: &AppInfo) -> bool {
    known.installed_app_id == now.installed_app_id && known.installed_at != now.installed_at
}
