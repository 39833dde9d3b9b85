//! Signals: to the clients of this app, and to other agents.

use holochain_types::prelude::{AppSignal, CellId, FunctionName, RemoteSignal, Signal};

use super::context::CallContext;
use super::refusal::{Answer, host};
use crate::cell::Caller;
use crate::wasm::exceeded;

impl CallContext {
    pub(super) fn emit_signal(&self, signal: AppSignal) -> Answer<()> {
        let cell = &self.cell()?.cell;
        self.budget.trace().signal(cell.id(), &self.zome, &signal);
        let signal = Signal::App { cell_id: cell.id().clone(), zome_name: self.zome.clone(), signal };
        cell.emit(&signal);
        Ok(())
    }

    /// Calls `recv_remote_signal` for each agent that has a cell here, and nothing waits for it; an agent without a cell hears
    /// nothing, and the sender is not told either way.
    pub(super) fn send_remote_signal(&self, input: RemoteSignal) -> Answer<()> {
        let cell = &self.cell()?.cell;
        let home = cell.home().map_err(host)?;
        let RemoteSignal { agents, signal } = input;
        for agent in agents {
            self.budget.signal(signal.as_bytes().len()).map_err(exceeded)?;
            let target = CellId::new(cell.id().dna_hash().clone(), agent);
            let function = FunctionName::new("recv_remote_signal");
            let params = cell.call_of(target, self.zome.clone(), function, signal.clone()).map_err(host)?;
            let (home, budget) = (home.clone(), self.budget.detached());
            let receiving = async move {
                let _turn = budget.aside().await;
                if let Err(error) = home.call_zome(params, Caller::root(budget)).await {
                    tracing::info!(%error, "a remote signal was not delivered");
                }
            };
            cell.tasks().spawn_on(receiving, &self.runtime);
        }
        Ok(())
    }
}
