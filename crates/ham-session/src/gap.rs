//! Why something may be missing in a sequence, and how a link ended: the types that all clients share.

use std::fmt;
use std::sync::Arc;

use crate::error::LinkEnd;

/// Why items of a sequence may be missing: read the state that they describe again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GapCause {
    /// A message could not be understood; what was wrong with it.
    BadFrame(String),
    /// This reader was slower than the sequence; this many items were dropped for it.
    Lagged(u64),
    /// The link was down; the peer keeps nothing for us.
    LinkLost(Ended),
}

impl GapCause {
    /// What it holds besides itself, in bytes.
    #[must_use]
    pub fn held(&self) -> usize {
        match self {
            Self::BadFrame(why) => why.len(),
            Self::Lagged(_) => 0,
            Self::LinkLost(ended) => ended.reason.len(),
        }
    }
}

/// How a link ended, for those who are told about it. [`LinkEnd`] has the details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The close code, if the peer closed with one.
    pub code: Option<u16>,
    /// The reason the peer gave, which is often empty; without a code, how the link ended.
    pub reason: Arc<str>,
}

impl Ended {
    /// An end without a close code, for this reason.
    #[must_use]
    pub fn because(reason: impl Into<Arc<str>>) -> Self {
        Self { code: None, reason: reason.into() }
    }

    /// As the link reports it; `None` stands for a link that can no longer report it.
    #[must_use]
    pub fn of(end: Option<&LinkEnd>) -> Self {
        match end {
            Some(LinkEnd::ClosedByPeer { code, reason }) => {
                Self { code: Some(*code), reason: reason.as_str().into() }
            }
            Some(end) => Self::because(end.to_string()),
            None => Self::because("the link ended"),
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "closed by the peer: code {code}, reason {:?}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_and_a_reason_are_the_peers_and_the_rest_is_told_in_words() {
        let closed = LinkEnd::ClosedByPeer { code: 1008, reason: "no".to_owned() };
        let told = Ended::of(Some(&closed));
        assert_eq!((told.code, &*told.reason), (Some(1008), "no"));
        assert_eq!(told.to_string(), closed.to_string());
        let told = Ended::of(Some(&LinkEnd::ClosedHere));
        assert_eq!((told.code, told.to_string().as_str()), (None, "closed here"));
        assert_eq!(Ended::of(None), Ended::because("the link ended"));
    }
}
