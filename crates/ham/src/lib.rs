//! ham
