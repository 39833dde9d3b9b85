//! A conductor's process: configured, started, watched, killed, restarted, moved.

pub(crate) mod boot;
pub(crate) mod builder;
pub(crate) mod config;
pub(crate) mod data;
pub(crate) mod lair;
pub(crate) mod launch;
pub(crate) mod logs;
pub(crate) mod process;
pub(crate) mod settings;
pub(crate) mod start;
pub(crate) mod temporary;
pub(crate) mod watchdog;
