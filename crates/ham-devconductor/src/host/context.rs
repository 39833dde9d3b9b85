//! One function of a zome while it runs, and where each of its host calls is answered.

use std::fmt::Debug;
use std::sync::Arc;

use holochain_serialized_bytes as bytes;
use holochain_types::prelude::{FunctionName, ZomeName};
use holochain_wasmer_common::{WasmError, wasm_error};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;

use super::access::{Access, CellAccess};
use super::refusal::{Answer, denied, host};
use crate::budget::{Budget, Exceeded};
use crate::decode::{decode, undecodable};
use crate::ribosome::Ribosome;
use crate::wasm::{Host, HostFunction, exceeded};

/// One function of a zome while it runs.
#[derive(Debug)]
pub(crate) struct CallContext {
    pub(super) ribosome: Arc<Ribosome>,
    pub(super) zome: ZomeName,
    pub(super) function: FunctionName,
    pub(super) access: Access,
    /// What it draws on, together with everything that it starts.
    pub(super) budget: Budget,
    /// Host functions are called on a blocking thread, and wait there for asynchronous work.
    pub(super) runtime: Handle,
}

impl CallContext {
    pub(crate) fn new(
        ribosome: Arc<Ribosome>,
        zome: ZomeName,
        function: FunctionName,
        access: Access,
        budget: Budget,
    ) -> Self {
        Self { ribosome, zome, function, access, budget, runtime: Handle::current() }
    }

    pub(super) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    pub(super) fn denied(&self, function: HostFunction) -> WasmError {
        denied(&self.zome, &self.function, function)
    }

    /// The cell that it runs for.
    pub(super) fn cell(&self) -> Answer<&CellAccess> {
        self.access.cell().ok_or_else(|| host("no cell runs here"))
    }

    /// Takes from the budget what the function will use; signals to agents and log lines are paid for by their own functions.
    fn pay(&self, function: HostFunction, bytes: usize) -> Result<(), Exceeded> {
        use HostFunction as F;
        match function {
            F::Create
            | F::Update
            | F::Delete
            | F::CreateLink
            | F::DeleteLink
            | F::CloseChain
            | F::OpenChain
            | F::Schedule => self.budget.stage(bytes),
            F::EmitSignal => self.budget.signal(bytes),
            F::CreateCloneCell => self.budget.call(),
            _ => self.budget.check(),
        }
    }

    fn answer<I: DeserializeOwned + Debug, O: Serialize + Debug>(
        &self,
        input: &[u8],
        run: impl FnOnce(&Self, I) -> Answer<O>,
    ) -> Answer<Vec<u8>> {
        let input = decode(input).map_err(undecodable)?;
        bytes::encode(&run(self, input)?).map_err(|error| wasm_error!(error))
    }
}

impl Host for CallContext {
    fn call(&self, function: HostFunction, input: &[u8]) -> Answer<Vec<u8>> {
        use HostFunction as F;
        if !self.access.allows(function) {
            return Err(self.denied(function));
        }
        if self.access.cell().is_some_and(|own| own.cell.faults().strikes(function)) {
            return Err(host(format!("{} fails, as a test asked", function.short())));
        }
        self.pay(function, input.len()).map_err(exceeded)?;
        match function {
            F::Create => self.answer(input, Self::create),
            F::Update => self.answer(input, Self::update),
            F::Delete => self.answer(input, Self::delete),
            F::CreateLink => self.answer(input, Self::create_link),
            F::DeleteLink => self.answer(input, Self::delete_link),
            F::CloseChain => self.answer(input, Self::close_chain),
            F::OpenChain => self.answer(input, Self::open_chain),
            F::Schedule => self.answer(input, Self::schedule),
            F::Get => self.answer(input, Self::get),
            F::GetDetails => self.answer(input, Self::get_details),
            F::GetLinks => self.answer(input, Self::get_links),
            F::GetLinksDetails => self.answer(input, Self::get_links_details),
            F::CountLinks => self.answer(input, Self::count_links),
            F::Query => self.answer(input, Self::query),
            F::GetAgentActivity => self.answer(input, Self::get_agent_activity),
            F::GetValidationReceipts => self.answer(input, Self::get_validation_receipts),
            F::MustGetEntry => self.answer(input, Self::must_get_entry),
            F::MustGetAction => self.answer(input, Self::must_get_action),
            F::MustGetValidRecord => self.answer(input, Self::must_get_valid_record),
            F::MustGetAgentActivity => self.answer(input, Self::must_get_agent_activity),
            F::AgentInfo => self.answer(input, Self::agent_info),
            F::CallInfo => self.answer(input, Self::call_info),
            F::DnaInfo1 => self.answer(input, Self::dna_info_1),
            F::DnaInfo2 => self.answer(input, Self::dna_info_2),
            F::ZomeInfo => self.answer(input, Self::zome_info),
            F::GetInitProperties => self.answer(input, Self::get_init_properties),
            F::RandomBytes => self.answer(input, Self::random_bytes),
            F::SysTime => self.answer(input, Self::sys_time),
            F::Trace => self.answer(input, Self::trace),
            F::Sign => self.answer(input, Self::sign),
            F::SignEphemeral => self.answer(input, Self::sign_ephemeral),
            F::VerifySignature => self.answer(input, Self::verify_signature),
            F::CreateX25519Keypair => self.answer(input, Self::create_x25519_keypair),
            F::SharedSecretCreateRandom => self.answer(input, Self::shared_secret_create_random),
            F::SharedSecretExport => self.answer(input, Self::shared_secret_export),
            F::SharedSecretIngest => self.answer(input, Self::shared_secret_ingest),
            F::SecretboxEncrypt => self.answer(input, Self::secretbox_encrypt),
            F::SecretboxDecrypt => self.answer(input, Self::secretbox_decrypt),
            F::X25519Encrypt => self.answer(input, Self::x25519_encrypt),
            F::X25519Decrypt => self.answer(input, Self::x25519_decrypt),
            F::Ed25519Encrypt => self.answer(input, Self::ed25519_encrypt),
            F::Ed25519Decrypt => self.answer(input, Self::ed25519_decrypt),
            F::Call => self.answer(input, Self::call_zomes),
            F::EmitSignal => self.answer(input, Self::emit_signal),
            F::SendRemoteSignal => self.answer(input, Self::send_remote_signal),
            F::CreateCloneCell => self.answer(input, Self::create_clone_cell),
            F::DisableCloneCell => self.answer(input, Self::disable_clone_cell),
            F::EnableCloneCell => self.answer(input, Self::enable_clone_cell),
            F::DeleteCloneCell => self.answer(input, Self::delete_clone_cell),
            F::CapabilityClaims | F::CapabilityGrants | F::CapabilityInfo => {
                Err(host(format!("{} is not implemented", function.short())))
            }
        }
    }
}
