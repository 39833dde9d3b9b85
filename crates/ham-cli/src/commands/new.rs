//! `ham new`: an app to start from.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::name::Name;
use crate::template;

/// Makes the directory of a new app: zomes, tests, a page, and a README that explains them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The directory to make. Its name is the app's: lower-case letters, digits, `-` and `_`
    #[arg(value_name = "NAME")]
    directory: PathBuf,
}

pub(crate) async fn run(context: &Context, args: Args) -> Result<(), Failure> {
    let directory = args.directory;
    let name = match directory.components().next_back() {
        Some(std::path::Component::Normal(name)) => Name::of(&name.to_string_lossy())?,
        _ => Name::of("")?,
    };
    tokio::task::block_in_place(|| make(&directory, &name))?;
    let text = || {
        let path = directory.display();
        format!(
            "made {path}\n\n  cd {path}\n  ham build\n  ham dev --watch --ui ui\n\n{path}/README.md explains what is there."
        )
    };
    context.output.result(text, &json!({ "made": directory, "app": name.app, "zome": name.zome }))
}

/// Writes the files into a directory that must not exist yet.
fn make(directory: &Path, name: &Name) -> Result<(), Failure> {
    let failed = |path: &Path, error: io::Error| {
        let text = format!("cannot write {}", path.display());
        Failure::new(
            Exit::Local,
            anyhow::Error::new(error).context(text),
            "check the path and its permissions",
        )
    };
    if let Some(parent) = directory.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent).map_err(|error| failed(parent, error))?;
    }
    // Creating it is the check: only the first process succeeds.
    match std::fs::create_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Failure::usage(
                format!("{} is there already, and nothing is overwritten", directory.display()),
                "choose another name, or move it away",
            ));
        }
        made => made.map_err(|error| failed(directory, error))?,
    }
    for (path, content) in template::files(name) {
        let path = directory.join(path);
        let written = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        written.and_then(|()| std::fs::write(&path, content)).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}
