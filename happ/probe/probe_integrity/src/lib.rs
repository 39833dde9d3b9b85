//! Validation of the role `probe`.

mod membrane;
mod validation;
