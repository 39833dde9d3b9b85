//! The names of the tracing events, listed in the README.

pub(crate) const LIVE: &str = "ham.session.live";
pub(crate) const ENDED: &str = "ham.session.ended";
pub(crate) const SKIPPED: &str = "ham.session.skipped";
pub(crate) const HEALTH: &str = "ham.session.health";
pub(crate) const TARGET_FALLBACK: &str = "ham.session.target_fallback";
