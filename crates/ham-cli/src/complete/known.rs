//! What is known about an app.

use std::collections::BTreeMap;

/// The roles of an app, with their zomes as far as they are known.
pub(crate) type Roles = BTreeMap<String, Zomes>;

/// The zomes of a role, with their functions as far as they are known.
pub(crate) type Zomes = BTreeMap<String, Vec<String>>;
