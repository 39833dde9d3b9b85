//! A zome call on its way, and what can happen to it between two steps.

use std::sync::Arc;

use super::conductor::Conductor;
use super::fate::Boot;
use crate::dice::Stream;
use crate::event::{Happened, Nonce, StepFault};
use crate::time::pause;

/// One call on its way through the steps.
pub(super) struct Visit<'a> {
    pub(super) conductor: &'a Arc<Conductor>,
    pub(super) dice: Stream,
    pub(super) socket: u32,
    pub(super) nonce: Nonce,
    /// How many steps it has completed.
    pub(super) step: usize,
}

impl Visit<'_> {
    /// The way to the next step, on which anything can happen.
    pub(super) async fn step(&mut self) {
        self.step += 1;
        let world = &self.conductor.world;
        let injected = |fault, nonce, step| world.note(Happened::FaultInjected { fault, nonce, step });
        let swarm = &world.swarm;
        if world.strikes(swarm.step_pause, &mut self.dice) {
            pause(self.dice.skewed_millis(1_000)).await;
        }
        if world.strikes(swarm.step_long_pause, &mut self.dice) {
            pause(self.dice.millis(1_000, 30_000)).await;
        }
        if world.strikes(swarm.step_cut, &mut self.dice) {
            injected(StepFault::Cut, self.nonce, self.step);
            self.conductor.cut(self.socket);
        }
        if world.strikes(swarm.step_disable, &mut self.dice) {
            injected(StepFault::Disabled, self.nonce, self.step);
            self.conductor.disable_for(self.dice.millis(10, 5_000));
        }
        if world.strikes(swarm.step_kill, &mut self.dice) {
            injected(StepFault::Killed, self.nonce, self.step);
            self.conductor.crash(Boot::drawn(&mut self.dice));
            // This call ends with its task.
            std::future::pending::<()>().await;
        }
    }
}
