//! One instance of a module, and the calls into it.

use std::sync::Arc;

use holochain_serialized_bytes as bytes;
use holochain_wasmer_common::{WasmError, WasmErrorInner, wasm_error};
use holochain_zome_types::prelude::ExternIO;
use wasmi::{Store, StoreLimitsBuilder, TrapCode};

use super::Host;
use super::engine::{State, engine, linker};
use super::failure::RuntimeError;
use super::memory::{self, Carried, GuestMemory, split};
use crate::decode::{decode, undecodable};

/// One instance of a module. Made for a call and gone after it, so that nothing a zome leaves in its memory is seen by
/// the next.
pub(crate) struct Guest {
    limits: Limits,
    store: Store<State>,
    instance: wasmi::Instance,
    memory: GuestMemory,
}

impl Guest {
    /// One that answers no host function until it is [served](Self::serve).
    ///
    /// # Errors
    /// [`ModuleBuild`](WasmErrorInner::ModuleBuild): an import that no conductor has, or a start that fails.
    pub(super) fn new(module: &wasmi::Module, limits: Limits) -> Result<Self, WasmError> {
        let build = |error: wasmi::Error| wasm_error!(WasmErrorInner::ModuleBuild(error.to_string()));
        let resources = StoreLimitsBuilder::new()
            .memory_size(limits.memory)
            .table_elements(MAX_TABLE)
            .tables(MAX_TABLES)
            .trap_on_grow_failure(false)
            .build();
        let mut store = Store::new(engine(), State { host: None, limits: resources, memory: None });
        store.limiter(|state| &mut state.limits);
        store.set_fuel(limits.fuel).map_err(build)?;
        let instance = linker().instantiate_and_start(&mut store, module).map_err(build)?;
        let absent = || wasm_error!(WasmErrorInner::Memory);
        let memory = GuestMemory {
            memory: instance.get_memory(&store, "memory").ok_or_else(absent)?,
            allocate: instance.get_typed_func(&store, ALLOCATE).map_err(build)?,
            deallocate: instance.get_typed_func(&store, DEALLOCATE).map_err(build)?,
        };
        store.data_mut().memory = Some(memory);
        Ok(Self { limits, store, instance, memory })
    }

    /// Has its host functions answered.
    pub(super) fn serve(&mut self, host: Arc<dyn Host>) {
        self.store.data_mut().host = Some(host);
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// Bytes of memory that it has.
    pub(super) fn memory_size(&self) -> usize {
        self.memory.memory.data_size(&self.store)
    }

    /// Calls a zome function with its encoded argument; answers its encoded result.
    ///
    /// # Errors
    /// What the guest returned as its error, [`CallError`](WasmErrorInner::CallError) for a trap (panic, no fuel, too deep),
    /// [`PointerMap`](WasmErrorInner::PointerMap) or [`MemoryAccess`](RuntimeError::MemoryAccess) for an answer that lies
    /// nowhere, or [`Serialize`](WasmErrorInner::Serialize) for one that is none.
    pub(crate) fn call(&mut self, function: &str, input: &ExternIO) -> Result<ExternIO, RuntimeError> {
        let input = bytes::encode(input).map_err(|error| wasm_error!(error))?;
        let packed = match self.run(function, &input) {
            Ok(packed) => packed,
            Err(error) => {
                return match error.downcast_ref::<Carried>() {
                    // What it carries stands for the function's answer.
                    Some(Carried(WasmError { error: WasmErrorInner::HostShortCircuit(answer), .. })) => {
                        Ok(decode(answer).map_err(undecodable)?)
                    }
                    Some(Carried(error)) => Err(error.clone().into()),
                    None => Err(call_error(&error).into()),
                };
            }
        };
        if packed < 0 {
            return Err(wasm_error!(WasmErrorInner::PointerMap).into());
        }
        let (at, length) = split(packed);
        let output = self.memory.take(&mut self.store, at, length).map_err(|error| {
            match error.downcast_ref::<Carried>() {
                Some(_) => RuntimeError::MemoryAccess,
                None => call_error(&error).into(),
            }
        })?;
        Ok(decode::<Result<ExternIO, WasmError>>(&output).map_err(undecodable)??)
    }

    fn run(&mut self, function: &str, input: &[u8]) -> Result<i64, wasmi::Error> {
        let call_error = |text: String| memory::trap(WasmErrorInner::CallError(text));
        let Some(untyped) = self.instance.get_func(&self.store, function) else {
            return Err(call_error("Incompatible Export Type".to_owned()));
        };
        let ty = untyped.ty(&self.store);
        if ty.params() != [wasmi::ValType::I32; 2] {
            let (takes, gives) = (ty.params(), ty.results());
            return Err(call_error(format!(
                "RuntimeError: Parameters of type [I32, I32] did not match signature {takes:?} -> {gives:?}"
            )));
        }
        let typed = untyped.typed(&self.store).map_err(|_| memory::trap(WasmErrorInner::PointerMap))?;
        let input = self.memory.write(&mut self.store, input)?;
        typed.call(&mut self.store, input)
    }

    /// What a function answers that takes nothing.
    pub(super) fn constant(&mut self, name: &str) -> Result<i32, WasmError> {
        let failed = |error: wasmi::Error| wasm_error!(WasmErrorInner::Host(error.to_string()));
        let function = self.instance.get_typed_func::<(), i32>(&self.store, name).map_err(failed)?;
        function.call(&mut self.store, ()).map_err(failed)
    }
}

/// What one call of a guest may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Instructions, about one unit each.
    pub(crate) fuel: u64,
    /// Bytes of memory.
    pub(crate) memory: usize,
}

/// A trap, in the words of the engine that `holochain` has.
fn call_error(error: &wasmi::Error) -> WasmError {
    let text = match error.as_trap_code() {
        Some(TrapCode::UnreachableCodeReached) => "unreachable".to_owned(),
        Some(TrapCode::MemoryOutOfBounds) => "out of bounds memory access".to_owned(),
        Some(TrapCode::TableOutOfBounds) => "undefined element: out of bounds table access".to_owned(),
        Some(TrapCode::IndirectCallToNull) => "uninitialized element".to_owned(),
        Some(TrapCode::IntegerDivisionByZero) => "integer divide by zero".to_owned(),
        Some(TrapCode::IntegerOverflow) => "integer overflow".to_owned(),
        Some(TrapCode::BadConversionToInteger) => "invalid conversion to integer".to_owned(),
        Some(TrapCode::StackOverflow) => "call stack exhausted".to_owned(),
        Some(TrapCode::BadSignature) => "indirect call type mismatch".to_owned(),
        // No fuel, no memory: bounds that `holochain` does not have, or tells as `unreachable`.
        _ => error.to_string(),
    };
    wasm_error!(WasmErrorInner::CallError(format!("RuntimeError: {text}")))
}

pub(super) const ALLOCATE: &str = "__hc__allocate_1";
pub(super) const DEALLOCATE: &str = "__hc__deallocate_1";

/// Tables of a guest and the elements of each, many times what a compiler makes: they are memory that no zome sees.
const MAX_TABLES: usize = 16;
const MAX_TABLE: usize = 1 << 20;
