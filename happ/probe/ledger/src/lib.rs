//! Functions of the role `ledger`.

mod post;
