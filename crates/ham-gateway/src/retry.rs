//! What a client can do.

use serde::{Deserialize, Serialize};

/// What a client can do about a call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retry {
    /// Send the same request again, under the same key.
    Same,
    /// It was answered, or cancelled: a repeat is a new call.
    NewKey,
    /// Follow the call.
    Wait,
    /// Look at the chain before anything else.
    Reconcile,
    /// Change the request.
    Fix,
    /// There is nothing that the client can do.
    Operator,
}
