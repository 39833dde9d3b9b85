//! Validation of the role `features`: data decides what each callback answers.
//!
//! The DNA holds this module twice, as `features_integrity` and as `witness_integrity`, so that one operation has two
//! zomes whose answers the conductor folds.

mod outcome;
mod rules;
mod validation;
