//! The outbox of a gateway, according to its configuration.

use std::path::PathBuf;

use crate::apps::Apps;
use crate::config::Config;
use crate::error::StartError;
use crate::outbox::{FILE, Limits, Opened, Outbox, OutboxConfig, Store};

/// Opens its file; `None` if there is no state directory.
pub(super) fn open(config: &Config) -> Result<Option<Opened>, StartError> {
    let Some(directory) = &config.state_dir else { return Ok(None) };
    let path: PathBuf = directory.join(FILE);
    let limits = Limits { records: config.outbox.records, bytes: config.outbox.bytes };
    Store::open(&path, limits).map(Some).map_err(|source| StartError::Outbox { path, source })
}

/// Continues the calls that were open.
pub(super) fn start(config: &Config, opened: Opened, apps: &Apps) -> Outbox {
    let limits = &config.outbox;
    let outbox = OutboxConfig::default()
        .with_linger(limits.linger)
        .with_answer_within(limits.answer_within)
        .with_nonce_life(limits.nonce_life)
        .with_keep(limits.keep)
        .with_most_kept(limits.answer_bytes)
        .with_lanes(limits.lanes);
    Outbox::start(outbox, opened, apps.iter().map(|app| (app.id.clone(), app.ham.clone())).collect())
}
