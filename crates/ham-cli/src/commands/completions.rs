//! `ham completions`: makes a shell ask `ham` for completions at its cursor.

use clap_complete::Shell;
use clap_complete::env::Shells;

use crate::complete;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Prints a script that makes a shell complete the command line.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let failed = |error: anyhow::Error| {
        Failure::new(Exit::Local, error.context("cannot make the script"), "report it")
    };
    let shells = Shells::builtins();
    let shell = shells
        .completer(&args.shell.to_string())
        .ok_or_else(|| failed(anyhow::anyhow!("this shell is not known")))?;
    let mut script = Vec::new();
    shell
        .write_registration(complete::VARIABLE, "ham", "ham", &program(), &mut script)
        .map_err(|error| failed(error.into()))?;
    context.output.bytes(&script)
}

/// This program as it was called: by its name, or by its path.
fn program() -> String {
    let called = std::env::args_os().next().unwrap_or_default();
    let path = std::path::Path::new(&called);
    let path = if path.components().count() > 1 { std::path::absolute(path).ok() } else { None };
    path.map_or(called.clone(), Into::into).to_string_lossy().into_owned()
}
