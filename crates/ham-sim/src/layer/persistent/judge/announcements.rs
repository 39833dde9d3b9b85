//! I17: the order of events and of their callbacks.

use crate::finding::Verdict;
use crate::layer::persistent::event::{Call, EngineEvent, Entries, Happened};
use crate::layer::persistent::life::Refusal;
use crate::layer::persistent::phase::{Closing, Decided};

pub(super) fn judge(entries: &Entries, closing: Option<Closing>, verdict: &mut Verdict) {
    let mut model = Model::default();
    for (index, entry) in entries.iter().enumerate() {
        let closing = closing.filter(|closing| closing.index < index);
        let wrong = model.see(&entry.event, closing);
        if let Some((invariant, words)) = wrong {
            verdict.find(invariant, Some(entry.at), words);
            return;
        }
        // What is decided in this very millisecond may be acted on before the announcement.
        if let Happened::Dialed { link: Ok(link), .. } = entry.event {
            let announced = entries[index..].iter().take_while(|later| later.at == entry.at).any(|later| {
                matches!(
                    later.event,
                    Happened::Published { event: EngineEvent::Connected(one), .. } if one == link
                )
            });
            let closed = closing.is_some() || model_closes(entries, index);
            if !announced && !closed {
                verdict.find("I17-told", Some(entry.at), format_args!("link {link} is not announced"));
            }
        }
    }
    if model.connected.is_some() {
        verdict.find("I17-alternate", None, "the last link was never announced as ended");
    }
}

/// Whether someone asks to close in the millisecond of this entry.
fn model_closes(entries: &Entries, index: usize) -> bool {
    let at = entries[index].at;
    entries[index..]
        .iter()
        .take_while(|later| later.at == at)
        .any(|later| matches!(later.event, Happened::Called { .. } | Happened::LastHandleDropped))
}

/// What was announced so far.
#[derive(Default)]
struct Model {
    count: u64,
    /// Whether an outage was announced, and no link since.
    outage: bool,
    place: Option<u8>,
    failed: Option<Refusal>,
    last_place: Option<u8>,
    last_failure: Option<Refusal>,
    last_link: Option<u64>,
    /// The link that was announced, and not announced as ended.
    connected: Option<u64>,
    link_over: bool,
    /// The event whose callback runs.
    running: Option<(u64, EngineEvent)>,
    ended: bool,
    /// Whether someone asked to close, which waits for no callback.
    asked: bool,
}

type Wrong = (&'static str, String);

impl Model {
    fn see(&mut self, event: &Happened, closing: Option<Closing>) -> Option<Wrong> {
        match event {
            Happened::Address { place: Ok(place), .. } => self.last_place = Some(*place),
            Happened::Address { place: Err(refusal), .. } | Happened::Dialed { link: Err(refusal), .. } => {
                self.last_failure = Some(*refusal);
            }
            Happened::Dialed { link: Ok(link), .. } => {
                self.last_link = Some(*link);
                self.link_over = false;
            }
            Happened::LinkLost { .. } | Happened::CloseBegan { .. } => self.link_over = true,
            Happened::Asked { .. } | Happened::Dialing { .. } => {
                if let Some((nth, event)) = self.running {
                    return wrong(
                        "I17-callback",
                        format!("goes on while the callback of {nth} ({event:?}) runs"),
                    );
                }
            }
            Happened::CallbackEnded { .. } => self.running = None,
            Happened::CallbackDropped { nth } => return self.dropped(*nth, closing),
            Happened::Finished => self.ended = true,
            Happened::Called { call: Call::Close, .. } | Happened::LastHandleDropped => self.asked = true,
            Happened::Called { call: Call::CloseAfterLink, .. } => self.asked |= self.connected.is_none(),
            Happened::Published { nth, event, .. } => return self.published(*nth, *event, closing),
            _ => {}
        }
        None
    }

    fn dropped(&mut self, nth: u64, closing: Option<Closing>) -> Option<Wrong> {
        let running = self.running.take();
        match closing.map(|closing| closing.why) {
            Some(_) if self.asked => None,
            Some(_) | None => match running {
                // The last event's callback runs up to its first await.
                Some((_, EngineEvent::Disconnected | EngineEvent::Failed(_))) if closing.is_some() => None,
                _ => wrong(
                    "I17-callback",
                    format!("the callback of {nth} is dropped, and nobody asked to close"),
                ),
            },
        }
    }

    fn published(&mut self, nth: u64, event: EngineEvent, closing: Option<Closing>) -> Option<Wrong> {
        self.count += 1;
        if self.ended || nth != self.count {
            return wrong("I17-after-end", format!("{event:?} after the end"));
        }
        if let Some((running, _)) = self.running {
            return wrong("I17-callback", format!("{nth} begins before the callback of {running} has ended"));
        }
        self.running = Some((nth, event));
        let last_words = match closing.map(|closing| closing.why) {
            None => true,
            Some(Decided::Failure) => matches!(event, EngineEvent::Failed(_)),
            Some(Decided::Called | Decided::LastHandle | Decided::LinkEnd) => {
                event == EngineEvent::Disconnected
            }
        };
        if !last_words {
            return wrong("I17-after-close", format!("{event:?} though it is to be closed"));
        }
        match event {
            EngineEvent::Attempting if !self.outage && self.connected.is_none() => {
                self.outage = true;
                (self.place, self.failed) = (None, None);
                None
            }
            EngineEvent::Attempting => {
                wrong("I17-order", "an outage in an outage or beside a link".to_owned())
            }
            EngineEvent::Address(place) => self.address(place),
            EngineEvent::Failed(refusal) => self.failure(refusal),
            EngineEvent::Connected(link) => self.up(link),
            EngineEvent::Disconnected => self.down(),
        }
    }

    fn address(&mut self, place: u8) -> Option<Wrong> {
        if !self.outage || self.last_place != Some(place) {
            return wrong("I17-order", format!("address {place}, which was not obtained in an outage"));
        }
        if self.place.replace(place) == Some(place) {
            return wrong("I17-twice", format!("address {place} is announced twice"));
        }
        None
    }

    fn failure(&mut self, refusal: Refusal) -> Option<Wrong> {
        if !self.outage || self.last_failure != Some(refusal) {
            return wrong("I17-order", format!("{refusal}, which did not happen in an outage"));
        }
        if self.failed.replace(refusal).is_some_and(|before| before.to_string() == refusal.to_string()) {
            return wrong("I17-twice", format!("{refusal} is announced twice"));
        }
        None
    }

    fn up(&mut self, link: u64) -> Option<Wrong> {
        let fresh = self.last_link.take() == Some(link);
        if !fresh || !self.outage || self.connected.is_some() {
            return wrong("I17-alternate", format!("link {link} is announced, which did not come up now"));
        }
        self.outage = false;
        self.connected = Some(link);
        None
    }

    fn down(&mut self) -> Option<Wrong> {
        if self.connected.take().is_none() {
            return wrong("I17-alternate", "the end of a link that was not announced".to_owned());
        }
        if !self.link_over {
            return wrong("I17-told", "the end of a link that has not ended".to_owned());
        }
        None
    }
}

fn wrong(invariant: &'static str, words: String) -> Option<Wrong> {
    Some((invariant, words))
}
