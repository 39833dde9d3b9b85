//! Validation of the role `probe`.

mod membrane;
mod release;
mod validation;
