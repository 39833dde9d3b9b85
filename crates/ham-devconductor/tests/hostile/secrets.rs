//! What is written to the log.
pub(crate) fn capture() {}
