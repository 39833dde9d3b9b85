//! What is kept of a call.

use crate::demo::call::Call;
use crate::demo::told::Ending;

/// One call that ended.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) call_id: String,
    pub(super) call: Call,
    pub(super) told: Vec<Ending>,
    pub(super) ending: Ending,
    /// It began before the link was lost and ended on a later one.
    pub(super) on_a_later_link: bool,
}
