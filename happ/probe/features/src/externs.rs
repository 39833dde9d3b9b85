//! The ways to make a function callable, and calling one as plain Rust.

use hdk::prelude::*;

/// Adds one.
#[hdk_extern]
pub fn increment(number: u32) -> ExternResult<u32> {
    Ok(number.wrapping_add(1))
}

/// Adds two: a function of the zome is a function of Rust.
#[hdk_extern]
pub fn increment_twice(number: u32) -> ExternResult<u32> {
    increment(increment(number)?)
}

/// Adds three, without a `Result` around the answer.
#[hdk_extern(infallible)]
pub fn increment_thrice(number: u32) -> u32 {
    number.wrapping_add(3)
}

/// Takes no argument and has no answer.
#[hdk_extern]
pub fn nothing() -> ExternResult<()> {
    Ok(())
}

fn doubled(number: u32) -> ExternResult<u32> {
    Ok(number.wrapping_mul(2))
}

// Callable as `mapped`: what the attribute `hdk_extern` does, written out.
map_extern!(mapped, doubled, u32, u32);
