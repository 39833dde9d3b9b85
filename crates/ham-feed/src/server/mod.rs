//! The server of the documented dialect.
