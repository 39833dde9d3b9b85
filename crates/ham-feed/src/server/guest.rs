//! A client that was admitted.

use std::fmt;
use std::sync::Arc;

/// A client that was admitted: who it is, and which chains it may follow.
#[derive(Clone)]
pub struct Guest {
    identity: Arc<str>,
    chains: Option<Arc<Chains>>,
}

/// Which chains a guest may follow.
type Chains = dyn Fn(&str) -> bool + Send + Sync;

impl Guest {
    /// A guest who may follow every chain. The identity is public: it names whose connections [`close_where`](super::FeedServer::close_where) ends.
    pub fn new(identity: impl Into<Arc<str>>) -> Self {
        Self { identity: identity.into(), chains: None }
    }

    /// May follow only the chains for whose names this returns true. It is checked at every subscription; existing ones stay.
    #[must_use]
    pub fn with_chains(mut self, allowed: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.chains = Some(Arc::new(allowed));
        self
    }

    /// Who it is.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.identity
    }

    pub(super) fn shared_identity(&self) -> &Arc<str> {
        &self.identity
    }

    pub(super) fn may_follow(&self, chain_name: &str) -> bool {
        self.chains.as_ref().is_none_or(|allowed| allowed(chain_name))
    }
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guest").field("identity", &self.identity).finish_non_exhaustive()
    }
}
