//! Signals that have another shape in an earlier release.

use holochain_types::prelude::CellId;
use holochain_types::signal::Signal;
use serde::Serialize;

use super::table::{Dialect, DirectSignals};

/// What a client hears.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Heard<'a> {
    Today(&'a Signal),
    Earlier(EarlierSignal<'a>),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub(crate) enum EarlierSignal<'a> {
    /// Without the sender.
    AppDirect { cell_id: &'a CellId, signal: &'a [u8] },
}

impl Dialect {
    /// A signal in this release's format; `None` if the release does not have it.
    pub(crate) fn signal<'a>(&self, signal: &'a Signal) -> Option<Heard<'a>> {
        match signal {
            Signal::AppDirect { cell_id, signal, .. } if self.direct_signals == DirectSignals::ToAnyone => {
                Some(Heard::Earlier(EarlierSignal::AppDirect { cell_id, signal }))
            }
            Signal::AppDirect { .. } if self.direct_signals == DirectSignals::Missing => None,
            signal => Some(Heard::Today(signal)),
        }
    }
}
