//! The binary of a conductor of one release: found on the machine, unpacked from a directory of ready ones, or built once.

pub(crate) mod cache;
pub(crate) mod cargo;
pub(crate) mod ensure;
pub(crate) mod for_tests;
pub(crate) mod install;
pub(crate) mod lookup;
pub(crate) mod progress;
pub(crate) mod ready;
pub(crate) mod release;
pub(crate) mod tool;
pub(crate) mod version;
