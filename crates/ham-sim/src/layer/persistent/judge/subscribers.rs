//! I16 and I17: what subscribers hear.

use std::collections::BTreeMap;

use crate::finding::Verdict;
use crate::layer::persistent::event::{EngineEvent, Entries, Happened};
use crate::layer::persistent::life::PersistentLife;

pub(super) fn judge(life: &PersistentLife, entries: &Entries, verdict: &mut Verdict) {
    let all: Vec<EngineEvent> = entries.iter().filter_map(|entry| published(&entry.event)).collect();
    let mut so_far = 0;
    // The index of the event that each subscriber must hear next; `None` once it has left.
    let mut next: BTreeMap<u64, Option<usize>> = BTreeMap::new();
    for entry in entries {
        let wrong = match &entry.event {
            Happened::Published { .. } => {
                so_far += 1;
                None
            }
            Happened::Subscribed { subscriber } => {
                // The last one before the subscription is heard first.
                next.insert(*subscriber, Some(usize::saturating_sub(so_far, 1)));
                None
            }
            Happened::Heard { subscriber, event } => {
                match next.get_mut(subscriber).and_then(Option::as_mut) {
                    Some(index) => {
                        let expected = all.get(*index);
                        *index += 1;
                        (expected != Some(event))
                            .then(|| format!("subscriber {subscriber} hears {event:?}, not {expected:?}"))
                    }
                    None => Some(format!("subscriber {subscriber} hears {event:?} after the end")),
                }
            }
            Happened::Missed { subscriber, count } => match next.get_mut(subscriber).and_then(Option::as_mut)
            {
                Some(index) => {
                    let behind = so_far.saturating_sub(*index);
                    *index += usize::try_from(*count).unwrap_or(usize::MAX / 2);
                    let room = life.world.capacity.get();
                    (behind <= room)
                        .then(|| format!("subscriber {subscriber} misses {count}, {behind} behind of {room}"))
                }
                None => Some(format!("subscriber {subscriber} misses {count} after the end")),
            },
            Happened::BusEnded { subscriber } => {
                let heard = next.insert(*subscriber, None).flatten();
                (heard != Some(all.len()))
                    .then(|| format!("subscriber {subscriber} heard {heard:?} of {}", all.len()))
            }
            Happened::Unsubscribed { subscriber } => {
                next.insert(*subscriber, None);
                None
            }
            _ => None,
        };
        if let Some(words) = wrong {
            verdict.find("I16", Some(entry.at), words);
            return;
        }
    }
    if let Some((subscriber, _)) = next.iter().find(|(_, next)| next.is_some()) {
        verdict.find("I16", None, format_args!("subscriber {subscriber} never hears the end"));
    }
}

fn published(event: &Happened) -> Option<EngineEvent> {
    match event {
        Happened::Published { event, .. } => Some(*event),
        _ => None,
    }
}
