//! Faults that a test injects.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::wasm::HostFunction;

/// Host functions that fail.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<HashMap<HostFunction, u32>>);

impl Faults {
    /// Makes a host function fail this many times from now on. The name is that in the HDK, or that of the import.
    ///
    /// # Errors
    /// There is no such host function.
    pub(crate) fn fail(&self, name: &str, times: u32) -> Result<(), UnknownHostFunction> {
        let is_named = |function: &&HostFunction| {
            let import = function.import();
            function.short() == name || import == name || import.trim_start_matches("__hc__") == name
        };
        let mut named = HostFunction::ALL.iter().filter(is_named).peekable();
        if named.peek().is_none() {
            return Err(UnknownHostFunction(name.to_owned()));
        }
        let mut faults = self.faults();
        for function in named {
            match times {
                0 => faults.remove(function),
                times => faults.insert(*function, times),
            };
        }
        Ok(())
    }

    /// Whether this call of a host function must fail.
    pub(crate) fn strikes(&self, function: HostFunction) -> bool {
        let mut faults = self.faults();
        let Some(left) = faults.get_mut(&function) else { return false };
        *left -= 1;
        if *left == 0 {
            faults.remove(&function);
        }
        true
    }

    /// Those that are still to fail, with the remaining counts, by name.
    pub(crate) fn active(&self) -> BTreeMap<String, u32> {
        self.faults().iter().map(|(function, left)| (function.short().to_owned(), *left)).collect()
    }

    fn faults(&self) -> MutexGuard<'_, HashMap<HostFunction, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The injected faults that are still in effect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActiveFaults {
    /// How long answers are delayed; zero means not at all.
    pub delay: Duration,
    /// Whether signals are thrown away.
    pub drops_signals: bool,
    /// The host functions that fail, by their HDK names, and in how many more calls.
    pub host_functions: BTreeMap<String, u32>,
}

/// There is no host function of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no host function `{0}`")]
pub struct UnknownHostFunction(pub(crate) String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_function_fails_as_often_as_was_asked_for() {
        let faults = Faults::default();
        faults.fail("create", 2).unwrap();
        let strikes = |function| (0..3).map(|_| faults.strikes(function)).collect::<Vec<_>>();
        assert_eq!(strikes(HostFunction::Update), [false; 3]);
        assert_eq!(faults.active(), [("create".to_owned(), 2)].into());
        assert_eq!(strikes(HostFunction::Create), [true, true, false]);
        assert_eq!(faults.active(), [].into());
        faults.fail("get_1", u32::MAX).unwrap();
        assert!(faults.strikes(HostFunction::Get));
        faults.fail("get", 0).unwrap();
        assert!(!faults.strikes(HostFunction::Get));
        assert_eq!(faults.fail("destroy", 1), Err(UnknownHostFunction("destroy".to_owned())));
    }
}
