//! Callers, and what they may do.

use std::fmt;

use globset::{GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};

use super::rate::{Quota, Rate};
use crate::functions::pattern;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
pub enum Scope {
    /// Calling functions.
    #[serde(rename = "calls")]
    Calls,
    /// Seeing and cancelling the calls of all keys.
    #[serde(rename = "calls:all")]
    AllCalls,
    /// Events and blocks.
    #[serde(rename = "feed")]
    Feed,
    /// The status page's data.
    #[serde(rename = "status")]
    Status,
    /// Metrics.
    #[serde(rename = "metrics")]
    Metrics,
}

impl Scope {
    /// The word in a file of keys.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::AllCalls => "calls:all",
            Self::Feed => "feed",
            Self::Status => "status",
            Self::Metrics => "metrics",
        }
    }
}

/// The holder of a key. The secret is nowhere in it.
pub(crate) struct Identity {
    /// Public: logs and metrics contain it.
    pub(crate) id: String,
    pub(crate) name: String,
    scopes: Vec<Scope>,
    apps: Allowed,
    functions: Allowed,
    chains: Allowed,
    pub(crate) quota: Quota,
}

impl Identity {
    /// An identity that may not do anything yet.
    pub(super) fn new(id: &str, name: &str, quota: Quota) -> Self {
        let none = || Allowed::Listed(GlobSet::empty());
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            scopes: Vec::new(),
            apps: none(),
            functions: none(),
            chains: none(),
            quota,
        }
    }

    pub(super) fn with_scopes(self, scopes: Vec<Scope>) -> Self {
        Self { scopes, ..self }
    }

    /// With what patterns allow: apps, functions as role/zome/function, and chains.
    pub(super) fn with_patterns(
        self,
        apps: &[String],
        functions: &[String],
        chains: &[String],
    ) -> Result<Self, globset::Error> {
        let [apps, functions, chains] = [apps, functions, chains].map(Allowed::listed);
        Ok(Self { apps: apps?, functions: functions?, chains: chains?, ..self })
    }

    /// The caller of a gateway for development.
    pub(crate) fn dev() -> Self {
        let scopes = vec![Scope::Calls, Scope::AllCalls, Scope::Feed, Scope::Status, Scope::Metrics];
        Self {
            scopes,
            apps: Allowed::Everything,
            functions: Allowed::Everything,
            chains: Allowed::Everything,
            ..Self::new("dev", "everybody", Quota::new(None, CONCURRENT))
        }
    }

    /// The caller of the operations listener.
    pub(crate) fn operations() -> Self {
        Self {
            scopes: vec![Scope::Status, Scope::Metrics],
            apps: Allowed::Everything,
            ..Self::new("operations", "the operations listener", Quota::new(Some(Rate::OPERATIONS), 8))
        }
    }

    /// A caller that uses the form of another gateway: what it may call is checked there.
    pub(crate) fn anybody() -> Self {
        Self::new("anybody", "whoever asks without a key", Quota::new(None, CONCURRENT))
    }

    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    pub(crate) fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// Whether it may know about this app.
    pub(crate) fn knows_app(&self, app: &str) -> bool {
        self.apps.allows(app)
    }

    pub(crate) fn may_call(&self, role: &str, zome: &str, function: &str) -> bool {
        self.functions.allows(&format!("{role}/{zome}/{function}"))
    }

    /// Whether it may follow this chain, under any of the chain's names.
    pub(crate) fn may_follow(&self, chain: &str) -> bool {
        self.chains.allows(chain)
    }
}

impl std::str::FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Ok(match text {
            "calls" => Self::Calls,
            "calls:all" => Self::AllCalls,
            "feed" => Self::Feed,
            "status" => Self::Status,
            "metrics" => Self::Metrics,
            _ => return Err(UnknownScope),
        })
    }
}

/// A word that is not a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("scopes are `calls`, `calls:all`, `feed`, `status` and `metrics`")]
pub struct UnknownScope;

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

enum Allowed {
    Everything,
    Listed(GlobSet),
}

impl Allowed {
    /// An empty list allows nothing.
    fn listed(patterns: &[String]) -> Result<Self, globset::Error> {
        let mut set = GlobSetBuilder::new();
        for text in patterns {
            set.add(pattern(text)?);
        }
        set.build().map(Self::Listed)
    }

    fn allows(&self, name: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Listed(set) => set.is_match(name),
        }
    }
}

/// Calls that need no key are bounded by the conductor.
const CONCURRENT: usize = 1_024;
