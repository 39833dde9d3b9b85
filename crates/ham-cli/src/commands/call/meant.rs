//! What was meant by a name that does not exist, if the zomes and functions are known.

use ham::PersistentHam;

use crate::complete;
use crate::context::Context;
use crate::{app, definition, infos};

/// A question for the caller of a zome or a function that does not exist; `None` if no similar name is known.
///
/// # Cancel safety
/// Cancel-safe: it only reads.
pub(super) async fn meant(
    context: &Context,
    ham: &PersistentHam,
    role: &str,
    called: (&str, &str),
) -> Option<String> {
    let (called, function) = called;
    let cells = app::cells(&ham.app_info().await.ok()?);
    let cell = cells.into_iter().find(|cell| cell.name == role)?.cell_id;
    let definition = definition::of(ham.admin()?, &cell).await.ok()?;
    let zomes: Vec<String> = definition.coordinator_zomes.iter().map(|(zome, _)| zome.to_string()).collect();
    if !zomes.iter().any(|zome| zome == called) {
        return zome(called, &zomes);
    }
    let functions = match &context.app {
        // A clone has the code of its role.
        Some(file) => {
            let mut roles = complete::of_bundle(file).await?;
            roles.remove(role.split('.').next()?)?.remove(called)?
        }
        None => {
            let infos = infos::of(context.target().await.ok()?, &cell).await.ok()??;
            infos::functions(infos.iter().find(|info| info.name.0 == *called)?)
        }
    };
    nearest(function, &functions).map(|name| format!("did you mean the function `{name}`?"))
}

/// The same for a zome.
pub(super) fn zome(zome: &str, zomes: &[String]) -> Option<String> {
    nearest(zome, zomes).map(|name| format!("did you mean the zome `{name}`?"))
}

/// The most similar name, if it is as similar as clap requires to suggest a flag.
fn nearest<'a>(name: &str, names: &'a [String]) -> Option<&'a str> {
    let likely = names.iter().map(|known| (strsim::jaro(name, known), known.as_str()));
    let likely = likely.filter(|(likeness, _)| *likeness > ENOUGH);
    likely.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, known)| known)
}

/// clap's threshold for flags and subcommands.
const ENOUGH: f64 = 0.7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_is_most_like_it_is_meant_and_none_that_is_not() {
        let names = ["create_item", "create_items", "get_item"].map(str::to_owned);
        assert_eq!(nearest("creat_item", &names), Some("create_item"));
        assert_eq!(nearest("zzz", &names), None);
    }
}
