//! A zome that does not behave. Each function costs its caller one failed call and the conductor nothing else.

use hdk::prelude::*;
use std::hint::black_box;

/// Never returns: the conductor ends it by its budget of instructions.
#[hdk_extern]
pub fn endless_loop() -> ExternResult<()> {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Asks for memory in steps of that many MiB until it is refused, and returns how many steps were granted. The smaller
/// the steps, the longer it takes: 0.3 s were measured in steps of 4000 MiB, 15 s in steps of 1000 MiB.
#[hdk_extern]
pub fn memory_bomb(step_mib: u32) -> ExternResult<u32> {
    const PAGES_PER_MIB: usize = 16;
    let mut steps = 0;
    while grow(step_mib.max(1) as usize * PAGES_PER_MIB) {
        steps += 1;
    }
    Ok(steps)
}

/// Calls itself that many times; `u32::MAX` is more than any stack holds.
#[hdk_extern]
pub fn deep_recursion(depth: u32) -> ExternResult<u32> {
    Ok(descend(depth))
}

/// Traps by Rust's panic.
#[hdk_extern]
pub fn trap_by_panic() -> ExternResult<()> {
    panic!("trap_by_panic was called")
}

/// Traps by a place in memory that does not exist.
#[hdk_extern]
pub fn trap_by_memory() -> ExternResult<u8> {
    // The end of the address space, which memory does not reach.
    let nowhere = black_box((usize::MAX - 7) as *const u8);
    // SAFETY: none; the sandbox has to catch it.
    Ok(unsafe { nowhere.read_volatile() })
}

/// Answers with that many bytes.
#[hdk_extern]
pub fn large_answer(size: u32) -> ExternResult<Bytes> {
    Ok(Bytes::from(vec![7; size as usize]))
}

/// Takes bytes and returns their number.
#[hdk_extern]
pub fn large_argument(bytes: Bytes) -> ExternResult<usize> {
    Ok(bytes.len())
}

#[inline(never)]
fn descend(depth: u32) -> u32 {
    // Not a tail call, and not to be folded: each level keeps its own bytes.
    let frame = black_box([depth; 32]);
    if depth == 0 {
        return frame[0];
    }
    descend(depth - 1).wrapping_add(black_box(frame)[31] & 1)
}

/// Whether the memory is that many pages larger now.
#[cfg(target_arch = "wasm32")]
fn grow(pages: usize) -> bool {
    std::arch::wasm32::memory_grow::<0>(pages) != usize::MAX
}

/// Outside of WebAssembly there is no memory to grow.
#[cfg(not(target_arch = "wasm32"))]
fn grow(_: usize) -> bool {
    false
}
