//! Validation of the role `ledger`.

mod release;
mod validation;
