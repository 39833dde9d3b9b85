//! A task of a process, step by step.

use std::sync::Arc;

use ham::{DEFAULT_ADMIN_TIMEOUT, DEFAULT_DEADLINE, PersistentHam};
use tokio::time::{Instant, timeout};

use super::desk::Desk;
use super::plan::{Action, Called, Options, Policy, Role};
use crate::event::Happened;
use crate::model::Conductor;
use crate::world::World;

/// A task of a process.
#[derive(Clone)]
pub(crate) struct Task {
    /// Sixteen per process.
    pub(crate) number: u32,
    pub(crate) ham: PersistentHam,
    pub(crate) world: Arc<World>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) conductor: Arc<Conductor>,
}

impl Task {
    pub(super) async fn act(&self, action: Action) {
        let began = Instant::now();
        match action {
            Action::Call { called, policy, deadline, options } => {
                self.call(called, policy, deadline, options).await;
            }
            Action::GiveUp { call, does, role, policy, deadline, after } => {
                let called = Called { call, does, role, size: 0 };
                if timeout(after, self.call(called, policy, deadline, Options::default())).await.is_err() {
                    self.world.words("service", format!("gives call {call} up"));
                }
            }
            Action::Burst { first, count, does, role, deadline, size } => {
                let called = |call| Called { call, does, role, size };
                let calls = (first..first + count)
                    .map(|call| self.call(called(call), Policy::Resume, deadline, Options::default()));
                futures_util::future::join_all(calls).await;
            }
            Action::Prepare { call, does, role, deadline } => {
                self.prepare(Called { call, does, role, size: 0 }, deadline).await;
            }
            Action::Send { choice, resume, deadline } => {
                if let Some(kept) = self.desk.choose(choice) {
                    self.send(kept, resume, deadline).await;
                }
            }
            Action::Fence { choice, within, after } => {
                if let Some(kept) = self.desk.choose(choice) {
                    let fenced = self.fence(kept, within);
                    match after {
                        Some(after) => drop(timeout(after, fenced).await),
                        None => fenced.await,
                    }
                }
            }
            Action::Callable { role } => {
                let callable = self.ham.callable(role).await;
                self.world.late("callable", began, DEFAULT_DEADLINE);
                self.callable(role, callable.is_ok());
            }
            Action::WaitUntilCallable { role, within } => {
                let callable = self.ham.wait_until_callable(role, within, |_| ()).await;
                self.world.late("wait_until_callable", began, within);
                self.callable(role, callable.is_ok());
            }
            Action::Connected { within } => {
                let _ = self.ham.connected(within).await;
                self.world.late("connected", began, within);
            }
            Action::Apps => {
                if let Some(admin) = self.ham.admin() {
                    let _ = admin.list_apps(None).await;
                    self.world.late("list_apps", began, DEFAULT_ADMIN_TIMEOUT);
                }
            }
            Action::Listen { time, slow } => self.listen(time, slow).await,
            Action::Watch { time, slow } => self.watch(time, slow).await,
            Action::Redial => {
                self.world.note(Happened::Redial { process: self.number / 16 });
                self.ham.redial_now();
            }
        }
    }

    /// A callable cell has run its `init`, unless it was reinstalled at this very moment.
    fn callable(&self, role: Role, callable: bool) {
        self.world.words("service", format!("callable {role}: {callable}"));
        if callable && !self.conductor.is_initialized(role) && !self.conductor.was_replaced() {
            self.world.broken("I12", format!("{role} is callable, and has not run its `init`"));
        }
    }
}
