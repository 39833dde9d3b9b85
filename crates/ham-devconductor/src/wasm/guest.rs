//! One instance of a module, and the calls into it.

use std::sync::Arc;

use holochain_serialized_bytes as bytes;
use holochain_wasmer_common::{WasmError, WasmErrorInner, wasm_error};
use holochain_zome_types::prelude::ExternIO;
use wasmi::{ExternType, Store, TrapCode};

use super::Host;
use super::engine::{State, engine, linker};
use super::failure::{Carried, RuntimeError, exceeded, trap};
use super::function::HostFunction;
use super::memory::{GuestMemory, split};
use super::share::{self, Share};
use crate::budget::Budget;
use crate::decode::{decode, undecodable};

/// One instance of a module. Created for one call and gone after it, so that the next call sees nothing that a zome leaves in its memory.
pub(crate) struct Guest {
    store: Store<State>,
    instance: wasmi::Instance,
    memory: GuestMemory,
}

impl Guest {
    /// An instance that answers no host function until it is [served](Self::serve). Its start function, if it has one, runs on one share of fuel.
    ///
    /// # Errors
    /// [`ModuleBuild`](WasmErrorInner::ModuleBuild), in the words of the engine that `holochain` has: an import that no conductor
    /// has, a start function that fails, or an export that the memory protocol needs is missing.
    pub(super) fn new(module: &wasmi::Module, zome: &str, budget: Budget) -> Result<Self, WasmError> {
        let build = |error: String| wasm_error!(WasmErrorInner::ModuleBuild(error));
        let share = budget.fuel(0).map_err(exceeded)?;
        let state = State { host: None, share: Share::of(budget), memory: None };
        let mut store = Store::new(engine(), state);
        store.limiter(|state| &mut state.share);
        store.set_fuel(share).map_err(|error| build(error.to_string()))?;
        let instance = linker().instantiate_and_start(&mut store, module);
        let instance = instance.map_err(|error| {
            let exceeded = store.data().share.exceeded().map(|exceeded| exceeded.to_string());
            let why = exceeded.or_else(|| unknown_import(module)).unwrap_or_else(|| in_words(&error));
            build(format!("{zome}: {why}"))
        })?;
        let export = |name: &str| {
            let found = instance.get_export(&store, name);
            found.ok_or_else(|| build(format!("Missing export {name}")))
        };
        let other_type = || build("Incompatible Export Type".to_owned());
        let function = |name: &str| export(name)?.into_func().ok_or_else(other_type);
        let memory = GuestMemory {
            memory: export("memory")?.into_memory().ok_or_else(other_type)?,
            deallocate: function(DEALLOCATE)?.typed(&store).map_err(|_| other_type())?,
            allocate: function(ALLOCATE)?.typed(&store).map_err(|_| other_type())?,
        };
        store.data_mut().memory = Some(memory);
        Ok(Self { store, instance, memory })
    }

    /// Lets `host` answer its host functions.
    pub(super) fn serve(&mut self, host: Arc<dyn Host>) {
        self.store.data_mut().host = Some(host);
    }

    /// Makes it draw on another budget from now on.
    ///
    /// # Errors
    /// That budget does not have what the guest holds.
    pub(super) fn draw_on(&mut self, budget: Budget) -> Result<(), WasmError> {
        self.give_back_fuel();
        let fuel = budget.fuel(0).map_err(exceeded)?;
        self.store.data_mut().share.draw_on(budget).map_err(exceeded)?;
        self.store.set_fuel(fuel).map_err(|error| wasm_error!(WasmErrorInner::Host(error.to_string())))
    }

    fn give_back_fuel(&mut self) {
        let left = self.store.get_fuel().unwrap_or_default();
        self.store.data().share.budget().give_back_fuel(left);
        // There is a meter, so this does not fail.
        let _ = self.store.set_fuel(0);
    }

    /// Calls a zome function with its encoded argument; returns its encoded result.
    ///
    /// # Errors
    /// The error that the guest returned, [`CallError`](WasmErrorInner::CallError) for a trap (panic, no fuel, too deep),
    /// [`PointerMap`](WasmErrorInner::PointerMap) or [`MemoryAccess`](RuntimeError::MemoryAccess) for an answer outside the memory,
    /// or [`Serialize`](WasmErrorInner::Serialize) for one that is not an answer.
    pub(crate) fn call(&mut self, function: &str, input: &ExternIO) -> Result<ExternIO, RuntimeError> {
        let input = bytes::encode(input).map_err(|error| wasm_error!(error))?;
        let packed = match self.run(function, &input) {
            Ok(packed) => packed,
            Err(error) => {
                return match error.downcast_ref::<Carried>() {
                    // What it carries takes the place of the function's answer.
                    Some(Carried(WasmError { error: WasmErrorInner::HostShortCircuit(answer), .. })) => {
                        Ok(decode(answer).map_err(undecodable)?)
                    }
                    Some(Carried(error)) => Err(error.clone().into()),
                    None => Err(self.trapped(&error).into()),
                };
            }
        };
        if packed < 0 {
            return Err(wasm_error!(WasmErrorInner::PointerMap).into());
        }
        let (at, length) = split(packed);
        let output = self.memory.take(&mut self.store, at, length);
        let output = output.map_err(|error| match error.downcast_ref::<Carried>() {
            Some(Carried(WasmError { error: WasmErrorInner::Memory, .. })) => RuntimeError::MemoryAccess,
            Some(Carried(error)) => error.clone().into(),
            None => self.trapped(&error).into(),
        })?;
        Ok(decode::<Result<ExternIO, WasmError>>(&output).map_err(undecodable)??)
    }

    fn run(&mut self, function: &str, input: &[u8]) -> Result<i64, wasmi::Error> {
        let call_error = |text: String| trap(WasmErrorInner::CallError(text));
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
        let typed = untyped.typed(&self.store).map_err(|_| trap(WasmErrorInner::PointerMap))?;
        let input = self.memory.write(&mut self.store, input)?;
        share::run(&mut self.store, &typed, input)
    }

    /// The error of a bound, if one was met: a guest that is told that there is no memory can only say that it cannot go on.
    fn trapped(&self, error: &wasmi::Error) -> WasmError {
        self.store.data().share.exceeded().map_or_else(|| call_error(error), exceeded)
    }

    /// The result of a function without arguments.
    pub(super) fn constant(&mut self, name: &str) -> Result<i32, WasmError> {
        let failed = |error: wasmi::Error| wasm_error!(WasmErrorInner::Host(error.to_string()));
        let function = self.instance.get_typed_func::<(), i32>(&self.store, name).map_err(failed)?;
        share::run(&mut self.store, &function, ()).map_err(failed)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.give_back_fuel();
    }
}

/// A trap, in the words of the engine that `holochain` has.
fn call_error(error: &wasmi::Error) -> WasmError {
    wasm_error!(WasmErrorInner::CallError(in_words(error)))
}

fn in_words(error: &wasmi::Error) -> String {
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
        _ => error.to_string(),
    };
    format!("RuntimeError: {text}")
}

/// The first import that no conductor has.
fn unknown_import(module: &wasmi::Module) -> Option<String> {
    let known = |name: &str| HostFunction::ALL.iter().any(|function| function.import() == name);
    let unknown = module.imports().find(|import| import.module() != "env" || !known(import.name()))?;
    let (module, name) = (unknown.module(), unknown.name());
    let expected = match unknown.ty() {
        ExternType::Func(ty) => {
            format!("Function(FunctionType {{ params: {:?}, results: {:?} }})", ty.params(), ty.results())
        }
        other => format!("{other:?}"),
    };
    Some(format!("Error while importing {module:?}.{name:?}: unknown import. Expected {expected}"))
}

const ALLOCATE: &str = "__hc__allocate_1";
const DEALLOCATE: &str = "__hc__deallocate_1";
