//! A link whose end the test controls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ham_persistent::Connection;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::transcript::Transcript;

/// A link of a [`ScriptedConnector`](super::ScriptedConnector).
#[derive(Clone)]
pub struct ScriptedLink {
    number: usize,
    close_takes: Duration,
    end: Arc<watch::Sender<Option<LinkEnd>>>,
    transcript: Transcript,
}

impl ScriptedLink {
    pub(super) fn new(number: usize, close_takes: Duration, transcript: Transcript) -> Self {
        Self { number, close_takes, end: Arc::new(watch::Sender::new(None)), transcript }
    }

    /// Its position among its script's links, counted from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// Whether neither side has ended it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.end.borrow().is_none()
    }

    /// Ends it the way the peer or the network does.
    pub fn lose(&self, why: &str) {
        self.end_with(LinkEnd::Lost { why: why.to_owned() });
    }

    fn end_with(&self, end: LinkEnd) {
        self.end.send_if_modified(|ended| {
            let first = ended.is_none();
            if first {
                *ended = Some(end);
            }
            first
        });
    }
}

impl Connection for ScriptedLink {
    type Cause = LinkEnd;

    async fn closed(&self) -> LinkEnd {
        let mut end = self.end.subscribe();
        match end.wait_for(Option::is_some).await {
            Ok(end) => end.clone().unwrap_or(LinkEnd::ClosedHere),
            // This very link owns the sender.
            Err(_) => LinkEnd::ClosedHere,
        }
    }

    async fn close(&self) {
        self.transcript.note(format_args!("link {} close", self.number));
        if !self.close_takes.is_zero() {
            tokio::time::sleep_until(Instant::now() + self.close_takes).await;
        }
        self.end_with(LinkEnd::ClosedHere);
        self.transcript.note(format_args!("link {} closed", self.number));
    }
}

impl fmt::Debug for ScriptedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedLink")
            .field("number", &self.number)
            .field("open", &self.is_open())
            .finish_non_exhaustive()
    }
}

/// Links are equal when they are the same one.
impl PartialEq for ScriptedLink {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.end, &other.end)
    }
}

/// Why a [`ScriptedLink`] ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEnd {
    /// This side closed it.
    ClosedHere,
    /// The peer or the network ended it.
    Lost {
        /// The reason that the test gave.
        why: String,
    },
}

impl fmt::Display for LinkEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClosedHere => f.write_str("closed here"),
            Self::Lost { why } => f.write_str(why),
        }
    }
}
