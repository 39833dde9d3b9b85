//! What a running conductor is asked for: apps, interfaces, tokens; and the bundles that tests install.

pub(crate) mod admin;
pub(crate) mod bundle;
pub(crate) mod relaxed;
