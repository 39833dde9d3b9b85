//! What happens, in words.

use std::fmt;

use super::Happened;

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked { attempt } => write!(f, "attempt {attempt}: where to?"),
            Self::Address { attempt, place: Ok(place) } => write!(f, "attempt {attempt}: to {place}"),
            Self::Address { attempt, place: Err(refusal) } => {
                write!(f, "attempt {attempt}: no address, {refusal}")
            }
            Self::Dialing { attempt } => write!(f, "attempt {attempt} dials"),
            Self::Dialed { attempt, link: Ok(link) } => write!(f, "attempt {attempt}: link {link} is up"),
            Self::Dialed { attempt, link: Err(refusal) } => write!(f, "attempt {attempt}: {refusal}"),
            Self::Abandoned { attempt } => write!(f, "attempt {attempt} is dropped"),
            Self::LinkLost { .. } => f.write_str("is lost"),
            Self::CloseBegan { .. } => f.write_str("is to be closed"),
            Self::CloseEnded { .. } => f.write_str("is closed"),
            Self::Published { nth, event, state } => {
                write!(f, "{nth} begins: {event:?}, the state is {state:?}")
            }
            Self::CallbackEnded { nth } => write!(f, "{nth} ends"),
            Self::CallbackDropped { nth } => write!(f, "{nth} is dropped"),
            Self::Subscribed { .. } => f.write_str("subscribes"),
            Self::Heard { event, .. } => write!(f, "hears {event:?}"),
            Self::Missed { count, .. } => write!(f, "has missed {count}"),
            Self::BusEnded { .. } => f.write_str("hears the end"),
            Self::Unsubscribed { .. } => f.write_str("goes away"),
            Self::Watched { state } => write!(f, "sees {state:?}"),
            Self::Called { by, call } => write!(f, "{call:?}, called by the {by:?}"),
            Self::LastHandleDropped => f.write_str("the last one is dropped"),
            Self::Waits { call, .. } => write!(f, "waits: {call:?}"),
            Self::Told { what, .. } => write!(f, "is told {what:?}"),
            Self::Finished => f.write_str("close has finished"),
            Self::Healed => f.write_str("faults are over"),
            Self::Left { tasks } => write!(f, "{tasks} tasks are left"),
        }
    }
}
