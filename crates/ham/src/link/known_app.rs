//! The newest that is known of the app.

use std::sync::{Arc, PoisonError, RwLock};

use holochain_conductor_api::AppInfo;

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

    /// Keeps what a link says, unless a newer link has spoken: an answer can be read late.
    pub(crate) fn learn(&self, link: u64, info: Arc<AppInfo>) {
        let mut newest = self.newest.write().unwrap_or_else(PoisonError::into_inner);
        if newest.as_ref().is_none_or(|(by, _)| *by <= link) {
            *newest = Some((link, info));
        }
    }
}
