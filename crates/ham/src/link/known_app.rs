//! The newest that is known of the app.

use std::sync::{Arc, PoisonError, RwLock};

use ham_session::Link;
use holochain_conductor_api::AppInfo;

use crate::events;
use crate::wire::ConductorProtocol;

/// The newest app info: what the newest link said last.
#[derive(Debug, Default)]
pub(crate) struct KnownApp {
    /// With the number of the link that said it.
    newest: RwLock<Option<(u64, Arc<AppInfo>)>>,
}

impl KnownApp {
    pub(crate) fn known(&self) -> Option<Arc<AppInfo>> {
        let newest = self.newest.read().unwrap_or_else(PoisonError::into_inner);
        newest.as_ref().map(|(_, info)| info.clone())
    }

    /// Keeps what a link was told in its handshake, unless it was told more since.
    pub(crate) fn greeted(&self, link: &Link<ConductorProtocol>) {
        let newest = self.newest.read().unwrap_or_else(PoisonError::into_inner);
        let is_news = newest.as_ref().is_none_or(|(by, _)| *by < link.id());
        drop(newest);
        if let (true, Some(info)) = (is_news, link.welcome().app()) {
            self.learn(link, Arc::new(info.clone()));
        }
    }

    /// Keeps what a link says, unless a newer link has spoken: an answer can be read late.
    ///
    /// The signals of an app that was installed anew come on links that were let in after it. A link that is the first to
    /// know of it can have been let in before, whatever it was told: it is replaced, and the gap is told.
    pub(crate) fn learn(&self, link: &Link<ConductorProtocol>, info: Arc<AppInfo>) {
        let mut newest = self.newest.write().unwrap_or_else(PoisonError::into_inner);
        let known = newest.as_ref().map(|(by, known)| (*by, known.clone()));
        if known.as_ref().is_some_and(|(by, _)| *by > link.id()) {
            return;
        }
        *newest = Some((link.id(), info.clone()));
        drop(newest);
        let is_another =
            known.is_some_and(|(_, known)| is_another_installation(&known, &info)) && link.takes_requests();
        if is_another {
            tracing::warn!(event = events::REINSTALLED, app_id = info.installed_app_id);
            link.retire();
        }
    }
}

/// Whether the app was installed anew in between.
fn is_another_installation(known: &AppInfo, now: &AppInfo) -> bool {
    known.installed_app_id == now.installed_app_id && known.installed_at != now.installed_at
}
