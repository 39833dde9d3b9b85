//! The binary `ham`; everything is in the library, so that its parts can be tested.

fn main() -> std::process::ExitCode {
    ham_cli::main()
}
