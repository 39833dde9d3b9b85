//! What happens, in words.

use std::fmt;

use super::Happened;

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dials => f.write_str("is dialled"),
            Self::Dialled { failed: None } => f.write_str("is up"),
            Self::Dialled { failed: Some(why) } => write!(f, "is not to be had: {why}"),
            Self::Made { .. } => f.write_str("is made"),
            Self::Told { what, .. } => write!(f, "is told {what:?}"),
            Self::GaveUp { .. } => f.write_str("goes away"),
            Self::CloseCalled => f.write_str("close is called"),
            Self::CloseReturned => f.write_str("close has returned"),
            Self::HandleDropped => f.write_str("its handle is dropped"),
            Self::LinkEnded { how } => write!(f, "has ended: {how:?}"),
            Self::Heard { what } => write!(f, "reads {what:?}"),
            Self::Orphan { n } => write!(f, "an answer to {n}, for which nobody waits"),
            Self::Skipped => f.write_str("something unreadable"),
            Self::Pushed => f.write_str("a push"),
            Self::Asked => f.write_str("is asked"),
            Self::Accepted => f.write_str("takes the stream"),
            Self::Reads { reads: true } => f.write_str("reads again"),
            Self::Reads { reads: false } => f.write_str("stops reading"),
            Self::Received { what } => write!(f, "got {what:?}"),
            Self::Wrote { what } => write!(f, "has written {what:?}"),
            Self::PeerCloses { code, reason } => write!(f, "closes with {code} {reason:?}"),
            Self::PeerResets => f.write_str("resets the stream"),
            Self::PeerVanishes => f.write_str("is gone, and nobody is told"),
            Self::PeerEnded => f.write_str("sees the end"),
            Self::Left { tasks } => write!(f, "{tasks} tasks are left"),
        }
    }
}
