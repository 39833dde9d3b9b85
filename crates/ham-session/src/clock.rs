//! Instants that do not overflow.

pub(crate) use ham_persistent::later as after;
