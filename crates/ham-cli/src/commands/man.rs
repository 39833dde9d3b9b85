//! `ham man`: the manual, generated from the help.

use clap::CommandFactory as _;
use clap_mangen::Man;

use crate::args::Cli;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Prints a manual page.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The command that the page is about, for instance `grants list`; without one, it is about `ham`
    command: Vec<String>,
}

pub(crate) fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let mut ham = Cli::command();
    // So that each command knows its full name, and the global options.
    ham.build();
    let mut page = &ham;
    for name in &args.command {
        page = page.find_subcommand(name).ok_or_else(|| {
            Failure::usage(format!("there is no command `{name}`"), "`ham --help` lists the commands")
        })?;
    }
    let mut text = Vec::new();
    let source = format!("ham {}", env!("CARGO_PKG_VERSION"));
    Man::new(page.clone()).source(source).manual("Ham").render(&mut text).map_err(|error| {
        Failure::new(Exit::Local, anyhow::Error::new(error).context("cannot make the page"), "report it")
    })?;
    context.output.bytes(finished(&String::from_utf8_lossy(&text)).as_bytes())
}

/// Completes the title of the page's last section, and keeps the names of variables unbroken.
fn finished(page: &str) -> String {
    let page = page.replacen(".SH EXTRA\nExit codes:\n", ".SH \"EXIT STATUS\"\n", 1);
    let page = page.replacen(".SH EXTRA\n", ".SH NOTES\n", 1);
    page.replacen(".SH NAME\n", ".nh\n.SH NAME\n", 1)
}
