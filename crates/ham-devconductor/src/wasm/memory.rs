//! Bytes in and out of a guest: it allocates and frees, the host only fills and reads.

use holochain_wasmer_common::WasmErrorInner;
use wasmi::{AsContextMut, Memory, TypedFunc};

use super::failure::trap;
use super::share::{self, Share};

/// What a guest exports for this.
#[derive(Clone, Copy)]
pub(super) struct GuestMemory {
    pub(super) memory: Memory,
    pub(super) allocate: TypedFunc<i32, i32>,
    pub(super) deallocate: TypedFunc<(i32, i32), ()>,
}

impl GuestMemory {
    /// Copies bytes to memory that the guest allocates; returns where they are.
    pub(super) fn write(
        &self,
        mut store: impl AsContextMut<Data: AsMut<Share>>,
        bytes: &[u8],
    ) -> Result<(i32, i32), wasmi::Error> {
        let length = i32::try_from(bytes.len()).map_err(|_| trap(WasmErrorInner::Memory))?;
        let at = share::run(&mut store, &self.allocate, length)?;
        self.memory
            .write(&mut store, at.cast_unsigned() as usize, bytes)
            .map_err(|_| trap(WasmErrorInner::Memory))?;
        Ok((at, length))
    }

    /// Reads bytes and lets the guest free them.
    pub(super) fn take(
        &self,
        mut store: impl AsContextMut<Data: AsMut<Share>>,
        at: i32,
        length: i32,
    ) -> Result<Vec<u8>, wasmi::Error> {
        let (from, size) = (at.cast_unsigned() as usize, length.cast_unsigned() as usize);
        // Checked before anything is reserved for it: the guest may claim any length.
        let range = from..from.checked_add(size).ok_or_else(|| trap(WasmErrorInner::Memory))?;
        let bytes = self.memory.data(&store).get(range).ok_or_else(|| trap(WasmErrorInner::Memory))?.to_vec();
        share::run(&mut store, &self.deallocate, (at, length))?;
        Ok(bytes)
    }
}

/// The pointer and length that a function returned as one number.
pub(super) fn split(packed: i64) -> (i32, i32) {
    let packed = packed.cast_unsigned();
    let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or_default().cast_signed();
    (half(packed >> 32), half(packed))
}

/// The reverse of [`split`].
pub(super) fn pack((at, length): (i32, i32)) -> i64 {
    ((u64::from(at.cast_unsigned()) << 32) | u64::from(length.cast_unsigned())).cast_signed()
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
