//! What the releases of the HDI spell differently: which operations an authority stores. `build` sets `before_0_7`.

#[cfg(not(before_0_7))]
pub(crate) use hdi::prelude::FlatOp::{CreateEntry, CreateRecord};
#[cfg(before_0_7)]
pub(crate) use hdi::prelude::FlatOp::{StoreEntry as CreateEntry, StoreRecord as CreateRecord};
