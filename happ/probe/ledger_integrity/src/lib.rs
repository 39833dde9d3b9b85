//! Validation of the role `ledger`.

mod validation;
