//! Code that can be called.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holochain_wasmer_common::{WasmError, WasmErrorInner, wasm_error};

use super::Host;
use super::engine::engine;
use super::guest::{ALLOCATE, DEALLOCATE, Guest, Limits};

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
        let Ok(guest) = Guest::new(&self.module, limits) else { return };
        let mut spares = self.spares();
        if spares.len() < MAX_SPARES && guest.memory_size() <= MAX_SPARE_MEMORY {
            spares.push(guest);
        }
    }

    /// An instance for a call: one that was made ready, or a new one.
    ///
    /// # Errors
    /// [`ModuleBuild`](WasmErrorInner::ModuleBuild): an import that no conductor has, or a start that fails.
    pub(crate) fn guest(&self, host: Arc<dyn Host>, limits: Limits) -> Result<Guest, WasmError> {
        let prepared = self.spares().pop().filter(|guest| guest.limits() == limits);
        let mut guest = prepared.map_or_else(|| Guest::new(&self.module, limits), Ok)?;
        guest.serve(host);
        Ok(guest)
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

    /// A constant that it exports as a function, `None` if it does not.
    ///
    /// # Errors
    /// As [`guest`](Self::guest), or the function fails.
    pub(crate) fn constant(
        &self,
        host: Arc<dyn Host>,
        limits: Limits,
        name: &str,
    ) -> Result<Option<i32>, WasmError> {
        if !self.has_constant(name) {
            return Ok(None);
        }
        self.guest(host, limits)?.constant(name).map(Some)
    }
}

/// Instances kept of a module for the next calls.
pub(crate) const MAX_SPARES: usize = 4;

/// Bytes of memory that an instance may have to be kept for the next call: several times what the HDK's zomes begin with.
const MAX_SPARE_MEMORY: usize = 8 << 20;
