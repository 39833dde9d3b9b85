//! I16 and I17: the state agrees with the events, and the close cause with what closed it.

use crate::finding::Verdict;
use crate::layer::persistent::event::{Answer, Call, Entries, Happened, News, Shown, Why};
use crate::layer::persistent::life::PersistentLife;

pub(super) fn judge(life: &PersistentLife, entries: &Entries, verdict: &mut Verdict) {
    let mut watched = None;
    let mut cause = None;
    for (index, entry) in entries.iter().enumerate() {
        let wrong = match &entry.event {
            Happened::Published { news, state, .. } => {
                (!agree(*news, *state)).then(|| format!("the state is {state:?} while {news:?} is announced"))
            }
            Happened::Watched { state } => {
                let before = watched.replace(*state);
                match (before, state) {
                    (Some(Shown::Closed(_)), _) => Some(format!("{state:?} after {before:?}")),
                    (_, Shown::Closed(why)) if !closed_so(life, &entries[..index], *why) => {
                        Some(format!("closed by {why:?}, which did not happen"))
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        let why = match &entry.event {
            Happened::Watched { state: Shown::Closed(why) }
            | Happened::Told { what: Answer::Closed(why), .. }
            | Happened::Published { state: Shown::Closed(why), .. } => Some(*why),
            _ => None,
        };
        let wrong = wrong.or_else(|| {
            let told = cause.get_or_insert(why?);
            (Some(*told) != why).then(|| format!("closed by {why:?}, and before by {told:?}"))
        });
        if let Some(words) = wrong {
            verdict.find("I17-state", Some(entry.at), words);
            return;
        }
    }
    if watched.is_some_and(|state| !matches!(state, Shown::Closed(_))) {
        verdict.find("I16-state", None, format_args!("the last state that was seen is {watched:?}"));
    }
}

fn agree(news: News, state: Shown) -> bool {
    match state {
        Shown::Unknown => true,
        Shown::Dialing(_) => matches!(news, News::Attempting | News::Address(_)),
        Shown::Live => matches!(news, News::Connected(_)),
        Shown::BackingOff(_) | Shown::Closed(_) => matches!(news, News::Failed(_) | News::Disconnected),
    }
}

/// Whether something earlier can be the cause.
fn closed_so(life: &PersistentLife, before: &Entries, why: Why) -> bool {
    before.iter().any(|entry| match (&entry.event, why) {
        (Happened::Called { deed: Call::Close | Call::CloseAfterLink, .. }, Why::Called) => true,
        (Happened::LastHandleDropped, Why::LastHandleDropped) => true,
        (Happened::Called { deed: Call::CloseAfterLink, .. }, Why::LinkLost) => true,
        (
            Happened::Address { place: Err(refusal), .. } | Happened::Dialed { link: Err(refusal), .. },
            Why::AttemptFailed,
        ) => life.world.connected_first.is_some() || (life.world.stop_on_permanent && refusal.permanent),
        _ => false,
    })
}
