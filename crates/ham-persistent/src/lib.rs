//! ham-persistent
