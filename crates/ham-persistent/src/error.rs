//! Why an attempt failed, why a link ended, why a connection is closed.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::connector::{ConnectError, Permanence};

/// The persistent connection is closed: it has no link and never will.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("closed: {cause}")]
pub struct Closed {
    /// Why it was closed; the same for everyone who asks, for as long as a handle exists.
    pub cause: Cause,
}

/// What [`connected_or_failed_to_connect`](crate::Persistent::connected_or_failed_to_connect) returns instead of a link.
#[derive(Debug, thiserror::Error)]
pub enum AttemptError<E: Error + 'static> {
    /// The attempt failed; unless the policy says otherwise, another one follows.
    #[error("failed to connect")]
    FailedToConnect(#[source] Arc<E>),
    /// The persistent connection is closed.
    #[error(transparent)]
    Closed(#[from] Closed),
}

impl<E: Error + 'static> Clone for AttemptError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::FailedToConnect(error) => Self::FailedToConnect(Arc::clone(error)),
            Self::Closed(closed) => Self::Closed(closed.clone()),
        }
    }
}

/// Why there is no link. Cheap to clone; causes are equal when they render alike.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// An attempt failed.
    AttemptFailed(Failure),
    /// `close` was called.
    CloseCalled,
    /// The driver task ended without being asked to: its runtime was shut down, or the connector or callback panicked.
    DriverEnded,
    /// The last handle was dropped.
    LastHandleDropped,
    /// The link ended.
    LinkLost {
        /// The connection's cause, rendered.
        text: Arc<str>,
    },
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AttemptFailed(failure) => write!(f, "attempt failed: {failure}"),
            Self::CloseCalled => f.write_str("close was called"),
            Self::DriverEnded => f.write_str("the driver task ended"),
            Self::LastHandleDropped => f.write_str("the last handle was dropped"),
            Self::LinkLost { text } => write!(f, "link lost: {text}"),
        }
    }
}

/// A failed attempt's error, type-erased but still available to downcast. Two are equal if they render alike.
#[derive(Clone)]
pub struct Failure {
    error: Arc<dyn Error + Send + Sync>,
    permanence: Permanence,
    text: Arc<str>,
}

impl Failure {
    pub(crate) fn new<E: ConnectError>(error: Arc<E>) -> Self {
        let text = render(error.as_ref()).into();
        Self { permanence: error.permanence(), text, error }
    }

    /// The connector's error.
    #[must_use]
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self.error.as_ref()
    }

    /// Whether dialling again can help.
    #[must_use]
    pub fn permanence(&self) -> Permanence {
        self.permanence
    }

    /// The error and its sources, rendered.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }
}

impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.permanence == other.permanence
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("text", &self.text)
            .field("permanence", &self.permanence)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The error and its sources in one line. Many errors repeat their source in their own text; that is not repeated here.
fn render(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<Self>>,
    }

    impl ConnectError for Layer {}

    fn layer(text: &'static str, source: Option<Layer>) -> Layer {
        Layer { text, source: source.map(Box::new) }
    }

    #[test]
    fn sources_are_rendered_once() {
        assert_eq!(render(&layer("dial", Some(layer("refused", None)))), "dial: refused");
        assert_eq!(render(&layer("dial: refused", Some(layer("refused", None)))), "dial: refused");
    }

    #[test]
    fn errors_are_equal_when_they_render_alike() {
        let one = Failure::new(Arc::new(layer("dial", Some(layer("refused", None)))));
        let same = Failure::new(Arc::new(layer("dial: refused", None)));
        let other = Failure::new(Arc::new(layer("dial", Some(layer("timed out", None)))));
        assert_eq!(one, same);
        assert_ne!(one, other);
        assert!(one.error().downcast_ref::<Layer>().is_some());
    }
}
