//! ham
fn main() {}
