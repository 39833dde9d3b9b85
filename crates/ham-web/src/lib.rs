#![doc = include_str!("../README.md")]

mod files;

pub use files::{Files, POLICY};
