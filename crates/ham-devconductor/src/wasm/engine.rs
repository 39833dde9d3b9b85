//! Modules and the calls into them, on `wasmi`.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use holochain_serialized_bytes as bytes;
use holochain_wasmer_common::{WasmError, WasmErrorInner, wasm_error};
use holochain_zome_types::prelude::ExternIO;
use wasmi::{
    Caller, CompilationMode, Config, Engine, Linker, Store, StoreLimits, StoreLimitsBuilder, TrapCode,
};

use super::failure::RuntimeError;
use super::function::HostFunction;
use super::memory::{Carried, GuestMemory, pack, split};
use super::{Host, memory};
use crate::decode::{decode, undecodable};

/// What one call of a guest may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Instructions, about one unit each.
    pub(crate) fuel: u64,
    /// Bytes of memory.
    pub(crate) memory: usize,
}

/// Code that was checked and can be called.
pub(crate) struct Module {
    module: wasmi::Module,
    /// Instances for the next calls.
    spares: Mutex<Vec<Guest>>,
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module").finish_non_exhaustive()
    }
}

impl Module {
    /// # Errors
    /// [`ModuleBuild`](WasmErrorInner::ModuleBuild): no valid WASM, or the memory protocol is not exported.
    pub(crate) fn new(code: &[u8]) -> Result<Self, WasmError> {
        let build = |error: String| wasm_error!(WasmErrorInner::ModuleBuild(error));
        let module = wasmi::Module::new(engine(), code).map_err(|error| build(error.to_string()))?;
        for export in ["memory", ALLOCATE, DEALLOCATE] {
            if module.get_export(export).is_none() {
                return Err(build(format!("missing export: {export}")));
            }
        }
        Ok(Self { module, spares: Mutex::default() })
    }

    /// Makes an instance for a call to come: making it takes longer than many a call. Done after each call, it keeps as many
    /// as were in use side by side, up to [`MAX_SPARES`].
    pub(crate) fn prepare(&self, limits: Limits) {
        if self.spares().len() >= MAX_SPARES {
            return;
        }
        let Ok(guest) = Guest::instantiate(self, limits) else { return };
        let mut spares = self.spares();
        if spares.len() < MAX_SPARES && guest.memory.memory.data_size(&guest.store) <= MAX_SPARE_MEMORY {
            spares.push(guest);
        }
    }

    fn prepared(&self, limits: Limits) -> Option<Guest> {
        self.spares().pop().filter(|guest| guest.limits == limits)
    }

    fn spares(&self) -> MutexGuard<'_, Vec<Guest>> {
        self.spares.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn has(&self, function: &str) -> bool {
        self.module.get_export(function).is_some()
    }

    /// The names it exports, of functions or not: all but those of the constants.
    pub(crate) fn exports(&self) -> impl Iterator<Item = &str> {
        self.module.exports().map(|export| export.name()).filter(|name| !self.has_constant(name))
    }

    /// Whether it exports a constant of this name.
    fn has_constant(&self, name: &str) -> bool {
        let function = self.module.get_export(name).and_then(|export| export.func().cloned());
        function.is_some_and(|ty| ty.params().is_empty() && ty.results() == [wasmi::ValType::I32])
    }
}

/// One instance of a module. Made for a call and gone after it, so that nothing a zome leaves in its memory is seen by
/// the next.
pub(crate) struct Guest {
    limits: Limits,
    store: Store<State>,
    instance: wasmi::Instance,
    memory: GuestMemory,
}

struct State {
    /// Not there before the call.
    host: Option<Arc<dyn Host>>,
    limits: StoreLimits,
    memory: Option<GuestMemory>,
}

impl Guest {
    /// # Errors
    /// [`ModuleBuild`](WasmErrorInner::ModuleBuild): an import that no conductor has, or a start that fails.
    pub(crate) fn new(module: &Module, host: Arc<dyn Host>, limits: Limits) -> Result<Self, WasmError> {
        let mut guest = module.prepared(limits).map_or_else(|| Self::instantiate(module, limits), Ok)?;
        guest.store.data_mut().host = Some(host);
        Ok(guest)
    }

    fn instantiate(module: &Module, limits: Limits) -> Result<Self, WasmError> {
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
        let instance = linker().instantiate_and_start(&mut store, &module.module).map_err(build)?;
        let absent = || wasm_error!(WasmErrorInner::Memory);
        let memory = GuestMemory {
            memory: instance.get_memory(&store, "memory").ok_or_else(absent)?,
            allocate: instance.get_typed_func(&store, ALLOCATE).map_err(build)?,
            deallocate: instance.get_typed_func(&store, DEALLOCATE).map_err(build)?,
        };
        store.data_mut().memory = Some(memory);
        Ok(Self { limits, store, instance, memory })
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

    /// A constant that the module exports as a function, `None` if it does not.
    pub(crate) fn constant(
        module: &Module,
        host: Arc<dyn Host>,
        limits: Limits,
        name: &str,
    ) -> Result<Option<i32>, WasmError> {
        if !module.has_constant(name) {
            return Ok(None);
        }
        let mut guest = Self::new(module, host, limits)?;
        let failed = |error: wasmi::Error| wasm_error!(WasmErrorInner::Host(error.to_string()));
        let function = guest.instance.get_typed_func::<(), i32>(&guest.store, name).map_err(failed)?;
        function.call(&mut guest.store, ()).map(Some).map_err(failed)
    }
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
        // No fuel, no memory: bounds that `holochain` has not, or tells as `unreachable`.
        _ => error.to_string(),
    };
    wasm_error!(WasmErrorInner::CallError(format!("RuntimeError: {text}")))
}

/// One engine for the process: modules belong to an engine, and the cache is shared.
fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let mut config = Config::default();
        config
            .consume_fuel(true)
            .compilation_mode(CompilationMode::LazyTranslation)
            .ignore_custom_sections(true)
            // What the bound of memory is for: one of them, of 32 bits.
            .wasm_multi_memory(false)
            .wasm_memory64(false);
        config.set_max_recursion_depth(MAX_DEPTH).set_max_stack_height(MAX_STACK);
        Engine::new(&config)
    })
}

fn linker() -> &'static Linker<State> {
    static LINKER: OnceLock<Linker<State>> = OnceLock::new();
    LINKER.get_or_init(|| {
        let mut linker = Linker::new(engine());
        for &function in HostFunction::ALL {
            let import =
                move |caller: Caller<'_, State>, at: i32, length: i32| answer(caller, function, at, length);
            linker.func_wrap("env", function.import(), import).expect("every name is there once");
        }
        linker
    })
}

/// Takes the input of a host function, answers it, and leaves the answer with the guest.
fn answer(
    mut caller: Caller<'_, State>,
    function: HostFunction,
    at: i32,
    length: i32,
) -> Result<i64, wasmi::Error> {
    // Taken while it is in use: an allocator that asks the host, whose answer needs the allocator, would recurse on the
    // stack of this thread until the process ends.
    let state = caller.data_mut();
    let (Some(host), Some(guest)) = (state.host.clone(), state.memory.take()) else {
        return Err(memory::trap(WasmErrorInner::Host("called while starting or allocating".to_owned())));
    };
    let input = guest.take(&mut caller, at, length)?;
    let output = match host.call(function, &input) {
        Ok(output) => ok(&output),
        Err(error @ WasmError { error: WasmErrorInner::HostShortCircuit(_), .. }) => {
            return Err(wasmi::Error::host(Carried(error)));
        }
        Err(error) => bytes::encode(&Err::<(), _>(error))
            .map_err(|error| wasmi::Error::host(Carried(wasm_error!(error))))?,
    };
    let answer = guest.write(&mut caller, &output)?;
    caller.data_mut().memory = Some(guest);
    Ok(pack(answer))
}

/// The encoding of `Ok(output)` around an output that is encoded already: a map of one entry (`serde`'s form of an
/// externally tagged enum in MessagePack).
fn ok(output: &[u8]) -> Vec<u8> {
    const OK: &[u8] = b"\x81\xa2Ok";
    [OK, output].concat()
}

const ALLOCATE: &str = "__hc__allocate_1";
const DEALLOCATE: &str = "__hc__deallocate_1";

/// Nested calls inside a guest, and the values they keep: a runaway recursion ends in milliseconds.
const MAX_DEPTH: usize = 10_000;
const MAX_STACK: usize = 4 << 20;

/// Tables of a guest and the elements of each, many times what a compiler makes: they are memory that no zome sees.
const MAX_TABLES: usize = 16;
const MAX_TABLE: usize = 1 << 20;

/// Instances kept of a module for the next calls.
pub(crate) const MAX_SPARES: usize = 4;

/// Bytes of memory that an instance may have to be kept for the next call: several times what the HDK's zomes begin with.
const MAX_SPARE_MEMORY: usize = 8 << 20;

#[cfg(test)]
mod tests {
    use super::{bytes, ok};

    #[test]
    fn an_answer_is_wrapped_as_serde_wraps_it() {
        for value in [0_u64, 300] {
            let encoded = bytes::encode(&value).expect("a number");
            assert_eq!(ok(&encoded), bytes::encode(&Ok::<_, ()>(value)).expect("a result"));
        }
    }
}
