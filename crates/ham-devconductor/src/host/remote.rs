//! Signals: to the clients of this app, and to other agents.

use holochain_types::prelude::{AppSignal, CellId, FunctionName, RemoteSignal, Signal};

use super::{Answer, CallContext, host};
use crate::conductor::Caller;

impl CallContext {
    pub(super) fn emit_signal(&self, signal: AppSignal) -> Answer<()> {
        let cell = &self.cell()?.cell;
        let signal = Signal::App { cell_id: cell.id().clone(), zome_name: self.zome.clone(), signal };
        cell.conductor().map_err(host)?.emit(cell.id(), signal);
        Ok(())
    }

    /// Each agent that has a cell here has its `recv_remote_signal` called; whoever has none hears nothing, and the sender
    /// is not told either way.
    pub(super) fn send_remote_signal(&self, input: RemoteSignal) -> Answer<()> {
        let cell = &self.cell()?.cell;
        let conductor = cell.conductor().map_err(host)?;
        let RemoteSignal { agents, signal } = input;
        for agent in agents {
            let target = CellId::new(cell.id().dna_hash().clone(), agent);
            let function = FunctionName::new("recv_remote_signal");
            let params = cell.call_of(target, self.zome.clone(), function, signal.clone()).map_err(host)?;
            let receiver = conductor.clone();
            conductor.tasks().spawn_on(
                async move {
                    if let Err(error) = receiver.call_zome(params, Caller::default()).await {
                        tracing::info!(%error, "a remote signal was not delivered");
                    }
                },
                &self.runtime,
            );
        }
        Ok(())
    }
}
