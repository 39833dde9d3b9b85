//! I11 and I18: closing ends, and leaves nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::finding::Verdict;
use crate::layer::persistent::event::{Entries, Happened};
use crate::layer::persistent::life::PersistentLife;
use crate::layer::persistent::phase::Closing;

pub(super) fn judge(
    life: &PersistentLife,
    entries: &Entries,
    closing: Option<Closing>,
    verdict: &mut Verdict,
) {
    links(entries, verdict);
    finish(life, entries, closing, verdict);
    for entry in entries {
        if let Happened::Left { tasks } = entry.event
            && tasks > 0
        {
            verdict.find("I18-tasks", Some(entry.at), format_args!("{tasks} tasks are left"));
        }
    }
}

/// One link at a time, and every link is either lost or closed.
fn links(entries: &Entries, verdict: &mut Verdict) {
    let mut open = BTreeSet::new();
    let mut dialing = None;
    for entry in entries {
        match entry.event {
            Happened::Asked { attempt } => {
                if !open.is_empty() || dialing.is_some() {
                    verdict.find(
                        "I18-one",
                        Some(entry.at),
                        format_args!("attempt {attempt} beside another or a link"),
                    );
                }
                dialing = Some(attempt);
            }
            Happened::Address { place: Err(_), .. } | Happened::Abandoned { .. } => dialing = None,
            Happened::Dialed { link, .. } => {
                dialing = None;
                open.extend(link.ok());
            }
            Happened::LinkLost { link } | Happened::CloseEnded { link } => drop(open.remove(&link)),
            _ => {}
        }
    }
    if let Some(link) = open.first() {
        verdict.find("I18-links", None, format_args!("link {link} is neither lost nor closed"));
    }
}

/// `close` takes as long as closing the link, and nothing comes after it.
fn finish(life: &PersistentLife, entries: &Entries, closing: Option<Closing>, verdict: &mut Verdict) {
    let Some(closing) = closing else {
        verdict.find("I11-close", None, "it was never closed");
        return;
    };
    let (mut latest, mut finished) = (closing.at, None);
    for entry in &entries[closing.index..] {
        match &entry.event {
            Happened::Asked { attempt } | Happened::Dialing { attempt } => {
                let words = format!("attempt {attempt} goes on though it is to be closed");
                verdict.find("I17-after-close", Some(entry.at), words);
            }
            Happened::CloseBegan { link } if entry.at > latest + TICK => {
                verdict.find("I11-close", Some(entry.at), format_args!("link {link} is closed late"));
            }
            Happened::CloseEnded { .. }
            | Happened::CallbackEnded { .. }
            | Happened::CallbackDropped { .. } => {
                latest = entry.at;
            }
            Happened::Finished => finished = Some(entry.at),
            _ => {}
        }
    }
    match finished {
        Some(at) if at > latest + TICK => {
            verdict.find(
                "I11-close",
                Some(at),
                format_args!("closing had ended at {} ms", latest.as_millis()),
            );
        }
        Some(_) => {}
        None if life.world.connected_first.is_some() => {}
        None => verdict.find("I11-close", None, "close does not end"),
    }
}

const TICK: Duration = Duration::from_millis(1);
