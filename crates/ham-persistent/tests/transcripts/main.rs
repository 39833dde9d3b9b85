//! The contract of a persistent connection, on a paused clock: what happened and when, compared as a whole.
//! Waits are for events or for virtual time; none is for real time.

mod bus;
mod closing;
mod delays;
mod driver;
mod events;
mod meddler;
mod racing;
mod setup;
mod waiters;
mod walk;
