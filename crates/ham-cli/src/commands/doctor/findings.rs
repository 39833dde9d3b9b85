//! What the steps find.

use ham::Release;

use crate::failure::Failure;

/// What a step found.
#[derive(Debug)]
pub(super) enum Finding {
    Good(String),
    Skipped(String),
    Bad(Failure),
}

/// What the steps found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) found: Vec<(&'static str, Finding)>,
    /// The release that answers, and what ham cannot promise on it.
    pub(super) release: Option<Release>,
}

impl Findings {
    pub(super) fn good(&mut self, step: &'static str, detail: impl Into<String>) {
        self.found.push((step, Finding::Good(detail.into())));
    }

    /// What ham cannot promise here.
    pub(super) fn limits(&self) -> &'static [&'static str] {
        self.release.map_or(&[], Release::limits)
    }

    pub(super) fn skipped(&mut self, step: &'static str, why: impl Into<String>) {
        self.found.push((step, Finding::Skipped(why.into())));
    }
}

/// A step failed; the ones after it are not reached.
#[derive(Debug)]
pub(super) struct Stopped {
    pub(super) step: &'static str,
    pub(super) failure: Failure,
}

/// Names the step of a failure.
pub(super) fn at<E: Into<Failure>>(step: &'static str) -> impl FnOnce(E) -> Stopped {
    move |error| Stopped { step, failure: error.into() }
}
