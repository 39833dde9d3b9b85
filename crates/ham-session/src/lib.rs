//! ham-session
