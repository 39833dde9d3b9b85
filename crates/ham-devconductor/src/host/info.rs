//! What is running, for whom and when; and the few things that WASM lacks: time, randomness, a log.

use holochain_types::prelude::{
    AgentInfo, Bytes, CallInfo, CapAccess, DnaInfoV1, DnaInfoV2, InitProperties, Level, Timestamp, TraceMsg,
    ZomeInfo,
};
use rand::RngCore as _;

use super::access::Access;
use super::context::CallContext;
use super::refusal::{Answer, host};
use crate::wasm::exceeded;

impl CallContext {
    pub(super) fn agent_info(&self, (): ()) -> Answer<AgentInfo> {
        let chain = self.cell()?.workspace.source_chain();
        let head = chain.chain_head_nonempty().map_err(host)?;
        Ok(AgentInfo::new(chain.agent_pubkey().clone(), head.into_tuple()))
    }

    pub(super) fn call_info(&self, (): ()) -> Answer<CallInfo> {
        let chain = self.cell()?.workspace.source_chain();
        let (provenance, cap_grant) = match &self.access {
            Access::ZomeCall { provenance, cap_secret, .. } => {
                let function = (self.zome.clone(), self.function.clone());
                let grant = self.wait(chain.valid_cap_grant(function, provenance.clone(), *cap_secret));
                let grant = grant.map_err(host)?.ok_or_else(|| host("the grant of this call was revoked"))?;
                (provenance.clone(), grant)
            }
            _ => (chain.agent_pubkey().clone(), CapAccess::ChainAuthor(chain.agent_pubkey().clone())),
        };
        let head = chain.persisted_head_info().ok_or_else(|| host("the chain is empty"))?;
        Ok(CallInfo { provenance, function_name: self.function.clone(), as_at: head.into_tuple(), cap_grant })
    }

    pub(super) fn dna_info_1(&self, (): ()) -> Answer<DnaInfoV1> {
        Ok(self.ribosome.dna_info_1())
    }

    pub(super) fn dna_info_2(&self, (): ()) -> Answer<DnaInfoV2> {
        Ok(self.ribosome.dna_info())
    }

    pub(super) fn zome_info(&self, (): ()) -> Answer<ZomeInfo> {
        self.ribosome.zome_info(&self.zome).cloned().ok_or_else(|| host(format!("no zome {}", self.zome)))
    }

    pub(super) fn get_init_properties(&self, (): ()) -> Answer<Option<InitProperties>> {
        let cell = &self.cell()?.cell;
        self.wait(cell.apps().init_properties(cell.id())).map_err(host)
    }

    pub(super) fn random_bytes(&self, count: u32) -> Answer<Bytes> {
        if count > MAX_RANDOM {
            return Err(host(format!("random_bytes of {count} is more than {MAX_RANDOM}")));
        }
        let mut bytes = vec![0; count as usize];
        rand::rng().fill_bytes(&mut bytes);
        Ok(Bytes::from(bytes))
    }

    pub(super) fn sys_time(&self, (): ()) -> Answer<Timestamp> {
        Ok(self.cell()?.cell.now())
    }

    /// What a zome logs, under the target `wasm`, filtered by `WASM_LOG` as `RUST_LOG` filters our own logs.
    pub(super) fn trace(&self, message: TraceMsg) -> Answer<()> {
        let cell = self.access.cell().map(|own| own.cell.id());
        self.budget.trace().log(cell, &self.zome, &self.function, &message);
        if !logged(&message.level) {
            return Ok(());
        }
        self.budget.log(message.msg.len()).map_err(exceeded)?;
        let (zome, function, text) = (&self.zome.0, &self.function.0, &message.msg);
        match message.level {
            Level::ERROR => tracing::error!(target: "wasm", %zome, %function, "{text}"),
            Level::WARN => tracing::warn!(target: "wasm", %zome, %function, "{text}"),
            Level::INFO => tracing::info!(target: "wasm", %zome, %function, "{text}"),
            Level::DEBUG => tracing::debug!(target: "wasm", %zome, %function, "{text}"),
            Level::TRACE => tracing::trace!(target: "wasm", %zome, %function, "{text}"),
        }
        Ok(())
    }
}

/// Whether `WASM_LOG` lets a message of this level pass: it names a level; if unset, only errors pass.
fn logged(level: &Level) -> bool {
    static LIMIT: std::sync::OnceLock<tracing::level_filters::LevelFilter> = std::sync::OnceLock::new();
    let limit = LIMIT.get_or_init(|| {
        let set = std::env::var("WASM_LOG").ok();
        set.and_then(|set| set.parse().ok()).unwrap_or(tracing::level_filters::LevelFilter::ERROR)
    });
    let level = match level {
        Level::ERROR => tracing::Level::ERROR,
        Level::WARN => tracing::Level::WARN,
        Level::INFO => tracing::Level::INFO,
        Level::DEBUG => tracing::Level::DEBUG,
        Level::TRACE => tracing::Level::TRACE,
    };
    level <= *limit
}

/// How many bytes one call of `random_bytes` may ask for.
const MAX_RANDOM: u32 = 16 << 20;
