//! The link types.

use hdi::prelude::*;

/// The link types of this zome.
#[hdk_link_types]
pub enum LinkTypes {
    /// From one note to another.
    Note,
    /// Its tag says how it is validated.
    Verdict,
    /// Between the parts of a path or of an anchor.
    Path,
}
