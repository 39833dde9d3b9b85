//! What one guest has of its root call's budget.

use wasmi::{AsContextMut, ResourceLimiter, TypedFunc, TypedResumableCall, WasmParams, WasmResults};
use wasmi_core::LimiterError;

use super::failure::{Carried, exceeded};
use crate::budget::{Budget, Exceeded};

/// Dropping this gives back the memory that the guest holds.
pub(super) struct Share {
    budget: Budget,
    /// In bytes.
    memory: u64,
    /// Bytes of it that may not have been granted after all.
    last: u64,
    /// Whether it was told that there is no more.
    refused: bool,
}

impl Share {
    pub(super) fn of(budget: Budget) -> Self {
        Self { budget, memory: 0, last: 0, refused: false }
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Makes it draw on another budget from now on.
    ///
    /// # Errors
    /// That budget does not have the memory that the guest holds.
    pub(super) fn draw_on(&mut self, budget: Budget) -> Result<(), Exceeded> {
        if !budget.hold_memory(self.memory) {
            return Err(budget.out_of_memory());
        }
        self.budget.give_back_memory(self.memory);
        self.budget = budget;
        Ok(())
    }

    /// Whether it may have this many more bytes.
    fn hold(&mut self, bytes: u64) -> bool {
        self.last = 0;
        let granted = self.budget.hold_memory(bytes);
        if granted {
            (self.last, self.memory) = (bytes, self.memory + bytes);
        } else {
            self.refused = true;
        }
        granted
    }

    fn give_back_the_last(&mut self) {
        self.budget.give_back_memory(self.last);
        self.memory -= self.last;
        self.last = 0;
    }

    /// The bound that a guest which ends now ends with, if one was met.
    pub(super) fn exceeded(&self) -> Option<Exceeded> {
        let exceeded = self.budget.check().err();
        exceeded.or_else(|| self.refused.then(|| self.budget.out_of_memory()))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.give_back_memory(self.memory);
    }
}

impl ResourceLimiter for Share {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        Ok(self.hold(desired.saturating_sub(current) as u64))
    }

    fn memory_grow_failed(&mut self, _error: &LimiterError) {
        self.give_back_the_last();
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        Ok(desired <= MAX_TABLE && self.hold((desired.saturating_sub(current) as u64) * ELEMENT))
    }

    fn table_grow_failed(&mut self, _error: &LimiterError) {
        self.give_back_the_last();
    }

    fn instances(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        MAX_TABLES
    }
}

/// Runs a function to its end, on one share of fuel after the other.
pub(super) fn run<P: WasmParams + Copy, R: WasmResults>(
    mut store: impl AsContextMut<Data: AsMut<Share>>,
    function: &TypedFunc<P, R>,
    params: P,
) -> Result<R, wasmi::Error> {
    let mut call = begin(&mut store, function, params)?;
    loop {
        call = match call {
            TypedResumableCall::Finished(result) => return Ok(result),
            TypedResumableCall::HostTrap(ended) => return Err(again(ended.host_error())),
            TypedResumableCall::OutOfFuel(paused) => {
                refuel(&mut store, paused.required_fuel())?;
                paused.resume(&mut store)?
            }
        };
    }
}

/// The interpreter cannot resume a function that has not begun, because translating it takes more than a share: it is called again.
fn begin<P: WasmParams + Copy, R: WasmResults>(
    mut store: impl AsContextMut<Data: AsMut<Share>>,
    function: &TypedFunc<P, R>,
    params: P,
) -> Result<TypedResumableCall<R>, wasmi::Error> {
    loop {
        let before = store.as_context().get_fuel()?;
        match function.call_resumable(&mut store, params)? {
            TypedResumableCall::OutOfFuel(paused) if store.as_context().get_fuel()? == before => {
                refuel(&mut store, paused.required_fuel())?;
            }
            call => return Ok(call),
        }
    }
}

/// Adds another share, of at least this much.
fn refuel(mut store: impl AsContextMut<Data: AsMut<Share>>, least: u64) -> Result<(), wasmi::Error> {
    let mut store = store.as_context_mut();
    let share = store
        .data_mut()
        .as_mut()
        .budget
        .fuel(least)
        .map_err(|error| wasmi::Error::host(Carried(exceeded(error))))?;
    let left = store.get_fuel()?;
    store.set_fuel(left.saturating_add(share))
}

/// The interpreter lends the error with which a host function ended, and does not give it away.
fn again(error: &wasmi::Error) -> wasmi::Error {
    match (error.downcast_ref::<Carried>(), error.as_trap_code()) {
        (Some(Carried(error)), _) => wasmi::Error::host(Carried(error.clone())),
        (None, Some(code)) => code.into(),
        (None, None) => wasmi::Error::new(error.to_string()),
    }
}

/// Tables of a guest, and elements of each; many times what a compiler generates. They take memory that no zome sees.
const MAX_TABLES: usize = 16;
const MAX_TABLE: usize = 1 << 20;
/// Bytes per element.
const ELEMENT: u64 = 8;
