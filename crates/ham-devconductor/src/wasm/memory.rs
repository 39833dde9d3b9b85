//! Bytes in and out of a guest: it allocates and frees, the host only fills and reads.

use holochain_wasmer_common::{WasmError, WasmErrorInner, wasm_error};
use wasmi::{AsContextMut, Memory, TypedFunc};

/// What a guest exports for it.
#[derive(Clone, Copy)]
pub(super) struct GuestMemory {
    pub(super) memory: Memory,
    pub(super) allocate: TypedFunc<i32, i32>,
    pub(super) deallocate: TypedFunc<(i32, i32), ()>,
}

impl GuestMemory {
    /// Copies bytes to memory that the guest allocates; answers where they are.
    pub(super) fn write(
        &self,
        mut store: impl AsContextMut,
        bytes: &[u8],
    ) -> Result<(i32, i32), wasmi::Error> {
        let length = i32::try_from(bytes.len()).map_err(|_| trap(WasmErrorInner::Memory))?;
        let at = self.allocate.call(&mut store, length)?;
        self.memory
            .write(&mut store, at.cast_unsigned() as usize, bytes)
            .map_err(|_| trap(WasmErrorInner::Memory))?;
        Ok((at, length))
    }

    /// Reads bytes and has the guest free them.
    pub(super) fn take(
        &self,
        mut store: impl AsContextMut,
        at: i32,
        length: i32,
    ) -> Result<Vec<u8>, wasmi::Error> {
        let (from, size) = (at.cast_unsigned() as usize, length.cast_unsigned() as usize);
        // Checked before anything is reserved for it: the guest may claim any length.
        let range = from..from.checked_add(size).ok_or_else(|| trap(WasmErrorInner::Memory))?;
        let bytes = self.memory.data(&store).get(range).ok_or_else(|| trap(WasmErrorInner::Memory))?.to_vec();
        self.deallocate.call(&mut store, (at, length))?;
        Ok(bytes)
    }
}

/// The pointer and length that a function returned in one number.
pub(super) fn split(packed: i64) -> (i32, i32) {
    let packed = packed.cast_unsigned();
    let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or_default().cast_signed();
    (half(packed >> 32), half(packed))
}

/// The reverse of [`split`].
pub(super) fn pack((at, length): (i32, i32)) -> i64 {
    ((u64::from(at.cast_unsigned()) << 32) | u64::from(length.cast_unsigned())).cast_signed()
}

/// Carries a WASM error through the interpreter.
#[derive(Debug)]
pub(super) struct Carried(pub(super) WasmError);

impl std::fmt::Display for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl wasmi::errors::HostError for Carried {}

pub(super) fn trap(error: WasmErrorInner) -> wasmi::Error {
    wasmi::Error::host(Carried(wasm_error!(error)))
}

#[cfg(test)]
mod tests {
    use super::{pack, split};

    #[test]
    fn a_pointer_and_a_length_survive_packing() {
        for pair in [(0, 0), (1, 2), (i32::MAX, i32::MIN), (-1, -1), (-1, 0)] {
            assert_eq!(split(pack(pair)), pair);
        }
    }
}
