//! Code that can be called.

use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holochain_wasmer_common::{WasmError, WasmErrorInner, wasm_error};

use super::Host;
use super::engine::engine;
use super::guest::Guest;
use crate::budget::Budget;
use crate::limits::Limits;

/// Code that has been checked and can be called.
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
    /// [`ModuleBuild`](WasmErrorInner::ModuleBuild): not valid WASM.
    pub(crate) fn new(code: &[u8]) -> Result<Self, WasmError> {
        let build = |error: wasmi::Error| wasm_error!(WasmErrorInner::ModuleBuild(error.to_string()));
        let module = wasmi::Module::new(engine(), code).map_err(build)?;
        Ok(Self { module, spares: Mutex::default() })
    }

    /// Creates an instance for a future call: creating it takes longer than many calls do. Done after each call, it keeps as many as
    /// were in use at the same time, up to [`MAX_SPARES`]. No call pays for it, so an instance whose start function takes long is not created.
    pub(crate) fn prepare(&self) {
        if self.spares().len() >= MAX_SPARES {
            return;
        }
        let limits = Limits::default().with_memory(MAX_SPARE_MEMORY).with_fuel(MAX_SPARE_FUEL);
        let budget = Budget::new(limits);
        let Ok(guest) = Guest::new(&self.module, "", budget) else { return };
        let mut spares = self.spares();
        if spares.len() < MAX_SPARES {
            spares.push(guest);
        }
    }

    /// An instance for a call of a zome: one that was created in advance, or a new one.
    ///
    /// # Errors
    /// As [`Guest::new`].
    pub(crate) fn guest(&self, zome: &str, host: Arc<dyn Host>, budget: &Budget) -> Result<Guest, WasmError> {
        let prepared = self.spares().pop();
        let mut guest = match prepared {
            Some(mut guest) => {
                guest.draw_on(budget.clone())?;
                guest
            }
            None => Guest::new(&self.module, zome, budget.clone())?,
        };
        guest.serve(host);
        Ok(guest)
    }

    fn spares(&self) -> MutexGuard<'_, Vec<Guest>> {
        self.spares.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn has(&self, function: &str) -> bool {
        self.module.get_export(function).is_some()
    }

    /// The names that it exports, of functions or anything else, except those of the constants.
    pub(crate) fn exports(&self) -> impl Iterator<Item = &str> {
        self.module.exports().map(|export| export.name()).filter(|name| !self.has_constant(name))
    }

    /// Whether it exports a constant of this name.
    fn has_constant(&self, name: &str) -> bool {
        let function = self.module.get_export(name).and_then(|export| export.func().cloned());
        function.is_some_and(|ty| ty.params().is_empty() && ty.results() == [wasmi::ValType::I32])
    }

    /// A constant that it exports as a function; `None` if it exports none.
    ///
    /// # Errors
    /// As [`guest`](Self::guest), or the function fails.
    pub(crate) fn constant(
        &self,
        zome: &str,
        host: Arc<dyn Host>,
        budget: &Budget,
        name: &str,
    ) -> Result<Option<i32>, WasmError> {
        if !self.has_constant(name) {
            return Ok(None);
        }
        self.guest(zome, host, budget)?.constant(name).map(Some)
    }
}

/// How many instances of a module are kept for the next calls.
pub(crate) const MAX_SPARES: usize = 4;

/// How many bytes of memory an instance may have to be kept for the next call: several times what the HDK's zomes start with.
const MAX_SPARE_MEMORY: u64 = 8 << 20;

/// Instructions of its start function; what the HDK builds has none.
const MAX_SPARE_FUEL: NonZeroU64 = NonZeroU64::new(10_000).expect("not zero");

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(start: &str) -> usize {
        let text = format!(
            r#"(module (memory (export "memory") 17) (data (i32.const 1048576) "data") (table 1000 funcref)
            (func (export "__hc__allocate_1") (param i32) (result i32) (i32.const 0))
            (func (export "__hc__deallocate_1") (param i32 i32)) {start})"#
        );
        let module = Module::new(&wat::parse_str(text).unwrap()).unwrap();
        (0..2 * MAX_SPARES).for_each(|_| module.prepare());
        module.spares().len()
    }

    /// Case: each call of a module whose start function takes long ran it once more, on nobody's budget.
    #[test]
    fn an_instance_whose_start_takes_long_is_not_made_ready() {
        assert_eq!(prepared(""), MAX_SPARES);
        assert_eq!(prepared("(func $start nop) (start $start)"), MAX_SPARES);
        let long = "(func $start (local $left i32) (local.set $left (i32.const 1000000))
            (loop $on (br_if $on (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))";
        assert_eq!(prepared(&format!("{long} (start $start)")), 0);
    }
}
