//! Loaded modules by the hash of their code, shared by all conductors of this process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use holo_hash::WasmHash;
use holochain_wasmer_common::WasmError;

use super::module::Module;

/// Bounded; the one that has been unused for longest goes first.
#[derive(Debug)]
pub(crate) struct ModuleCache {
    modules: Mutex<VecDeque<(WasmHash, Arc<Module>)>>,
}

impl ModuleCache {
    /// The cache of this process. Code with the same hash is the same module, whoever loads it.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: ModuleCache = ModuleCache { modules: Mutex::new(VecDeque::new()) };
        &SHARED
    }

    /// Loads code that is not here; two callers may load the same code, which does no harm.
    ///
    /// # Errors
    /// The code is not a module.
    pub(crate) fn load(&self, hash: WasmHash, code: &[u8]) -> Result<Arc<Module>, WasmError> {
        // Outside the lock: this takes milliseconds.
        let module = Arc::new(Module::new(code)?);
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        while modules.len() >= MAX_MODULES {
            modules.pop_front();
        }
        modules.push_back((hash, Arc::clone(&module)));
        Ok(module)
    }

    /// The module of this hash.
    pub(crate) fn get(&self, hash: &WasmHash) -> Option<Arc<Module>> {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        let found = modules.iter().position(|(known, _)| known == hash)?;
        let entry = modules.remove(found)?;
        let module = Arc::clone(&entry.1);
        modules.push_back(entry);
        Some(module)
    }
}

/// How many modules are kept, as many as `holochain` 0.7.1 keeps.
const MAX_MODULES: usize = 64;
