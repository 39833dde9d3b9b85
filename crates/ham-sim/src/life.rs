//! What a layer is: how its lives are drawn, lived and judged.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::finding::Verdict;
use crate::history::{Event, History, Recorder};
use crate::mask::Mask;

/// One layer of ham and the world around it.
pub(crate) trait Layer: 'static {
    /// Its name on the command line.
    const NAME: &'static str;
    /// The states that its lives are meant to reach; [`Verdict::reach`] accepts no others.
    const STATES: &'static [&'static str];
    /// How much simulated time a life may take in all. Taking more is a finding.
    const BOUND: Duration;
    /// A life before it is lived.
    type Life: Life;
    /// What happens in it.
    type Event: Event;

    /// Draws the life of a seed.
    fn generate(seed: u64) -> Self::Life;

    /// Lives it: on a runtime of its own, whose clock is paused and which has neither sockets nor blocking threads.
    /// Returns when everything has been closed, dropped and audited.
    fn live(life: Self::Life, recorder: Recorder<Self::Event>) -> impl Future<Output = ()>;

    /// Compares what was said with what happened.
    fn judge(life: &Self::Life, history: &History<Self::Event>, verdict: &mut Verdict);
}

/// A life as data: elements (steps, faults, events) with their times, numbered from 0.
pub(crate) trait Life: Clone + fmt::Debug + Send + 'static {
    /// How many elements there are that can be left out.
    fn elements(&self) -> usize;

    /// The same life without some of its elements. The rest keep their times, numbers and dice.
    #[must_use]
    fn without(&self, mask: &Mask) -> Self;

    /// This life, one line per part, numbered elements first: `3  at 120 ms: the peer stops reading`.
    fn plan(&self) -> Vec<String>;
}
