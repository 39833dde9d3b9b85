//! A compiler for WebAssembly: rustup's target, or else Debian's compiler.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::subprocess;
use crate::exit::Exit;
use crate::failure::Failure;

/// The target that zomes are compiled for.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// What compiles.
#[derive(Debug)]
pub(super) enum Compiler {
    /// The compiler of the toolchain in use has the target.
    Toolchain,
    /// Debian's, which comes with the source of the standard library instead of a built one; a nightly Cargo builds it.
    Debian {
        /// Where that source is.
        library: PathBuf,
    },
}

impl Compiler {
    /// Finds one.
    ///
    /// # Errors
    /// There is none; the error names the command that installs it.
    pub(super) async fn find(directory: &Path) -> Result<Self, Failure> {
        let asked = ["rustc", "--print", "target-libdir", "--target", TARGET];
        let libraries = path(subprocess::answer(directory, &asked).await?.ok());
        if libraries.is_some_and(|libraries| libraries.is_dir()) {
            return Ok(Self::Toolchain);
        }
        if is_in_path(LINKER) && Path::new(DEBIAN).is_file() {
            let root = path(subprocess::answer(directory, &[DEBIAN, "--print", "sysroot"]).await?.ok());
            let library = root.map(|root| root.join("lib/rustlib/src/rust"));
            if let Some(library) = library.filter(|library| library.join("library").is_dir()) {
                return Ok(Self::Debian { library });
            }
        }
        Err(Failure::new(
            Exit::Local,
            anyhow::anyhow!("the compiler here cannot make WebAssembly: its target {TARGET} is missing"),
            format!(
                "run `rustup target add {TARGET}`; or on Debian `apt-get install rustc-web rust-web-src lld` and \
                 `rustup toolchain install nightly`"
            ),
        ))
    }

    /// Cargo, set up for it, and the flags that its linker needs.
    pub(super) fn cargo(&self) -> (Command, Vec<OsString>) {
        let mut cargo = Command::new("cargo");
        let mut flags = Vec::new();
        match self {
            Self::Toolchain => drop(cargo.arg("build")),
            Self::Debian { library } => {
                cargo.args(["+nightly", "build", "-Zbuild-std=std,panic_abort"]);
                cargo.env("RUSTC", DEBIAN).env("RUSTC_BOOTSTRAP", "1");
                cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", LINKER);
                flags.push("-Clinker-flavor=wasm-ld".into());
                flags.push(renamed(library, "/rustc"));
            }
        }
        (cargo, flags)
    }
}

/// The flag that keeps a path of this machine out of the module.
pub(super) fn renamed(path: &Path, name: &str) -> OsString {
    let mut flag = OsString::from("--remap-path-prefix=");
    flag.push(path);
    flag.push(format!("={name}"));
    flag
}

fn path(answer: Option<Vec<u8>>) -> Option<PathBuf> {
    Some(PathBuf::from(String::from_utf8(answer?).ok()?.trim_end()))
}

fn is_in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|place| place.join(program).is_file())
}

const DEBIAN: &str = "/usr/bin/rustc";
const LINKER: &str = "wasm-ld";
