//! One function for every feature of the HDK, and one for every way a zome can misbehave.
//!
//! The DNA holds this module twice, as `features` and as `mirror`, so that a zome has another one to call.

mod atomic;
mod boxes;
mod calls;
mod chain;
mod clones;
mod commit;
mod entry;
mod error;
mod externs;
mod grants;
mod hostile;
mod info;
mod init;
mod link;
mod migrate;
mod ordering;
mod path;
mod schedule;
mod secretbox;
mod signal;
mod signature;
mod trace;
mod verdict;
