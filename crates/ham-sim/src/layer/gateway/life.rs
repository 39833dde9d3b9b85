//! A life of a gateway as data.

use std::time::Duration;

use super::disk::Outage;
use crate::life::Life;
use crate::mask::Mask;
use crate::plan::HamLife;
use crate::service::{Called, Crash};

/// A life of a gateway, before it is lived.
#[derive(Clone, Debug)]
pub(crate) struct GatewayLife {
    /// The world: its rates and events, and how its processes are set up.
    pub(super) base: HamLife,
    /// All processes except the one that settles everything in the end.
    pub(super) processes: Vec<Plan>,
    pub(super) steps: Vec<(usize, Step)>,
    pub(super) whole: usize,
    pub(super) linger: Duration,
    pub(super) answer_within: Duration,
    pub(super) nonce_life: Duration,
    pub(super) lanes: bool,
}

/// How a process ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) crash: Option<Crash>,
    /// How many syncs the disk makes until its power fails.
    pub(super) power: usize,
    /// Errors of the disk.
    pub(super) outage: Option<Outage>,
    /// How long it takes until the next one starts.
    pub(super) down: Duration,
}

/// Something that a client of a process does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) process: u32,
    /// How long after the start of the process.
    pub(super) at: Duration,
    pub(super) asks: Asks,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Asks {
    /// A call under a key of its own.
    Submit { called: Called, background: bool, within: Duration },
    /// A call under the key of an earlier one.
    Repeat { choice: u64, within: Duration },
    /// Cancels an earlier one.
    Cancel { choice: u64 },
    /// A call without a key.
    Direct { called: Called, within: Duration },
}

impl GatewayLife {
    /// What the clients of a process do, in order.
    pub(super) fn steps(&self, process: u32) -> Vec<Step> {
        let mut steps: Vec<_> =
            self.steps.iter().map(|(_, step)| *step).filter(|step| step.process == process).collect();
        steps.sort_by_key(|step| step.at);
        steps
    }
}

impl Life for GatewayLife {
    fn elements(&self) -> usize {
        self.whole
    }

    fn without(&self, mask: &Mask) -> Self {
        let mut life = self.clone();
        life.base = life.base.without(mask);
        life.steps.retain(|(number, _)| mask.keeps(*number));
        life
    }

    fn plan(&self) -> Vec<String> {
        let mut lines = self.base.plan();
        let Self { linger, answer_within, nonce_life, lanes, .. } = self;
        lines.push(format!("     linger {linger:?}, answers within {answer_within:?}, nonces live {nonce_life:?}, lanes {lanes}"));
        lines.extend(
            self.processes.iter().enumerate().map(|(number, plan)| format!("     p{number}: {plan:?}")),
        );
        lines.extend(self.steps.iter().map(|(number, step)| {
            format!("{number:>3}  p{} at {} ms: {:?}", step.process, step.at.as_millis(), step.asks)
        }));
        lines
    }
}
