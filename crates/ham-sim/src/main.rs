//! The binary `ham-sim`; everything is in the library, so that its parts can be tested.

fn main() -> std::process::ExitCode {
    ham_sim::main()
}
