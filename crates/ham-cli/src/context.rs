//! What every command gets.

use std::sync::OnceLock;

use crate::output::Output;
use crate::settings::Settings;

/// What every command gets.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) settings: Settings,
    pub(crate) output: Output,
    /// Wait for the conductor instead of failing.
    pub(crate) wait: bool,
    /// What to say when a signal ends the command now, set once there is something to say.
    pub(crate) if_interrupted: OnceLock<&'static str>,
}
