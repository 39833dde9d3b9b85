//! I16 and I17: the state agrees with the events, and the close cause with what closed it.

use crate::finding::Verdict;
use crate::layer::persistent::event::{
    Answer, Call, CloseCause, EngineEvent, EngineState, Entries, Happened,
};
use crate::layer::persistent::life::PersistentLife;

pub(super) fn judge(life: &PersistentLife, entries: &Entries, verdict: &mut Verdict) {
    let mut watched = None;
    let mut cause = None;
    for (index, entry) in entries.iter().enumerate() {
        let wrong = match &entry.event {
            Happened::Published { event, state, .. } => (!agree(*event, *state))
                .then(|| format!("the state is {state:?} while {event:?} is announced")),
            Happened::Watched { state } => {
                let before = watched.replace(*state);
                match (before, state) {
                    (Some(EngineState::Closed(_)), _) => Some(format!("{state:?} after {before:?}")),
                    (_, EngineState::Closed(why)) if !closed_so(life, &entries[..index], *why) => {
                        Some(format!("closed by {why:?}, which did not happen"))
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        let why = match &entry.event {
            Happened::Watched { state: EngineState::Closed(why) }
            | Happened::Told { what: Answer::Closed(why), .. }
            | Happened::Published { state: EngineState::Closed(why), .. } => Some(*why),
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
    if watched.is_some_and(|state| !matches!(state, EngineState::Closed(_))) {
        verdict.find("I16-state", None, format_args!("the last state that was seen is {watched:?}"));
    }
}

fn agree(event: EngineEvent, state: EngineState) -> bool {
    match state {
        EngineState::Unknown => true,
        EngineState::Dialing(_) => matches!(event, EngineEvent::Attempting | EngineEvent::Address(_)),
        EngineState::Live => matches!(event, EngineEvent::Connected(_)),
        EngineState::BackingOff(_) | EngineState::Closed(_) => {
            matches!(event, EngineEvent::Failed(_) | EngineEvent::Disconnected)
        }
    }
}

/// Whether something earlier can be the cause.
fn closed_so(life: &PersistentLife, before: &Entries, why: CloseCause) -> bool {
    before.iter().any(|entry| match (&entry.event, why) {
        (Happened::Called { call: Call::Close | Call::CloseAfterLink, .. }, CloseCause::Called) => true,
        (Happened::LastHandleDropped, CloseCause::LastHandleDropped) => true,
        (Happened::Called { call: Call::CloseAfterLink, .. }, CloseCause::LinkLost) => true,
        (
            Happened::Address { place: Err(refusal), .. } | Happened::Dialed { link: Err(refusal), .. },
            CloseCause::AttemptFailed,
        ) => life.world.connected_first.is_some() || (life.world.stop_on_permanent && refusal.permanent),
        _ => false,
    })
}
