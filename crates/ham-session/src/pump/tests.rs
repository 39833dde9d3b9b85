//! The pump over a stream in memory, on a clock that stands still until nothing else can happen.

#![expect(clippy::disallowed_methods, reason = "a test owns its tasks")]

mod deadlines;
mod held;
mod places;
mod rig;
mod slow;
