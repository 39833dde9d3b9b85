//! From sources to a bundle.

use ham_bundle::{PackOptions, Packed};

use super::compiler::Compiler;
use super::project::Project;
use super::said::{Said, Shown};
use super::{recipe, subprocess};
use crate::exit::Exit;
use crate::failure::Failure;

/// Compiles the zomes of a project, and packs its DNAs and its app: the bundle of the app is last.
///
/// # Errors
/// There is no compiler; the compiler's errors; a manifest is wrong.
///
/// # Cancel safety
/// Cancel-safe: Cargo and the processes that it started are killed. Each bundle is either the old one or the new one.
pub(crate) async fn build(project: &Project, shown: Shown) -> Result<Vec<Packed>, Failure> {
    let compiler = Compiler::find(&project.directory).await?;
    let mut said = Said::new(shown);
    let cargo = recipe::command(project, &compiler, shown.is_raw());
    let ended = subprocess::run(cargo, &project.directory, |piece| said.read(piece)).await?;
    if !ended.success() {
        let failure =
            |text| Failure::new(Exit::Refused, anyhow::Error::msg(text), "correct it and build again");
        return Err(match shown {
            Shown::Everything => failure(said.errors()).about(NOT_COMPILED.to_owned()).shown_before(),
            Shown::Errors => failure(format!("{NOT_COMPILED}: {}", said.errors())),
        });
    }
    Ok(ham_bundle::pack(&project.manifest, &PackOptions::default().with_recursive(true)).await?)
}

const NOT_COMPILED: &str = "the zomes were not compiled";
