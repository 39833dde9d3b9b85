//! What is asked of a running conductor: apps, interfaces, tokens; and the bundles that tests install.

pub(crate) mod admin;
pub(crate) mod bundle;
pub(crate) mod relaxed;
