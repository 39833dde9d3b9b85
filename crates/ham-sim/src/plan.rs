//! A life of `ham` as data.

use std::time::Duration;

use crate::life::Life;
use crate::mask::Mask;
use crate::model::{Boot, Release};
use crate::net::Severed;
use crate::service::{Crash, Keys, Settings, Step};
use crate::swarm::Swarm;

/// A life of `ham`, before it is lived.
#[derive(Clone, Debug)]
pub(crate) struct HamLife {
    pub(crate) seed: u64,
    pub(crate) swarm: Swarm,
    pub(crate) release: Release,
    pub(crate) roles: usize,
    pub(crate) clones: usize,
    /// How far the conductor's clock is off, in milliseconds.
    pub(crate) skew: i64,
    pub(crate) keys: Keys,
    pub(crate) settings: Vec<Settings>,
    pub(crate) elements: Vec<(usize, Element)>,
    /// The first number that no call has.
    pub(crate) calls: u32,
    pub(crate) whole: usize,
}

/// What can be left out of a life.
#[derive(Clone, Debug)]
pub(crate) enum Element {
    /// A step of a task of a process.
    Step { process: usize, task: usize, step: Step },
    /// The end of a process that is not a clean one.
    Crash { process: usize, crash: Crash },
    /// Something that happens to the conductor or on the way to it.
    World { at: Duration, event: WorldEvent },
}

/// What happens to the conductor or on the way to it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WorldEvent {
    Kill(Boot),
    Cut {
        choice: u64,
        how: Severed,
    },
    Disable(Duration),
    Reinstall,
    Revoke,
    /// The chain of the first cell was closed before anyone called.
    CloseChain,
    BackUp,
    Freeze(Duration),
    Jump(i64),
}

impl HamLife {
    /// With a budget of one grant per cell, if it is wanted and no cell is granted twice.
    pub(crate) fn with_budget(mut self, wanted: bool) -> Self {
        if wanted && !self.has(|event| matches!(event, WorldEvent::Reinstall | WorldEvent::BackUp)) {
            let cells = u32::try_from(self.roles + self.clones).ok();
            self.settings.iter_mut().for_each(|settings| settings.budget = cells);
        }
        self
    }

    /// The steps of a task.
    pub(crate) fn steps(&self, of: usize, by: usize) -> Vec<Step> {
        let steps = self.elements.iter().filter_map(|(_, element)| match element {
            Element::Step { process, task, step } if (*process, *task) == (of, by) => Some(step.clone()),
            _ => None,
        });
        steps.collect()
    }

    /// How a process crashes.
    pub(crate) fn crash(&self, of: usize) -> Option<Crash> {
        self.elements.iter().find_map(|(_, element)| match element {
            Element::Crash { process, crash } if *process == of => Some(*crash),
            _ => None,
        })
    }

    /// What happens to the world, in order.
    pub(crate) fn events(&self) -> Vec<(Duration, WorldEvent)> {
        let events = self.elements.iter().filter_map(|(_, element)| match element {
            Element::World { at, event } => Some((*at, *event)),
            _ => None,
        });
        let mut events: Vec<_> = events.collect();
        events.sort_by_key(|(at, _)| *at);
        events
    }

    /// Whether something of this kind is part of it.
    pub(crate) fn has(&self, kind: impl Fn(&WorldEvent) -> bool) -> bool {
        self.events().iter().any(|(_, event)| kind(event))
    }
}

impl Life for HamLife {
    fn elements(&self) -> usize {
        self.whole
    }

    fn without(&self, mask: &Mask) -> Self {
        let mut life = self.clone();
        life.elements.retain(|(number, _)| mask.keeps(*number));
        life
    }

    fn plan(&self) -> Vec<String> {
        let Self { seed, release, roles, clones, skew, swarm, keys, .. } = self;
        let mut lines = vec![
            format!(
                "     seed {seed}, {release:?}, {roles} roles, {clones} clones, keys {keys:?}, the conductor's clock {skew} ms off"
            ),
            format!("     {swarm:?}"),
        ];
        lines.extend(self.settings.iter().map(|settings| format!("     {settings:?}")));
        lines.extend(self.elements.iter().map(|(number, element)| match element {
            Element::Step { process, task, step } => {
                let pause = step.pause.as_millis();
                format!("{number:>3}  p{process}.t{task}, {pause} ms later: {:?}", step.action)
            }
            Element::Crash { process, crash } => format!("{number:>3}  p{process}: {crash:?}"),
            Element::World { at, event } => format!("{number:>3}  at {} ms: {event:?}", at.as_millis()),
        }));
        lines
    }
}
