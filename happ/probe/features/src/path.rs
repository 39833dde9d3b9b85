//! Hash paths and anchors, from this conductor's view.

use features_entries::LinkTypes;
use hdk::prelude::{hdi::hash_path::path::root_hash, *};
use probe_types::features::AnchorName;

/// The hash of a path such as `a.b.c`, whether it exists or not.
#[hdk_extern]
pub fn path_hash(path: String) -> ExternResult<EntryHash> {
    Path::from(path).path_entry_hash()
}

/// The hash that all paths start from.
#[hdk_extern]
pub fn path_root() -> ExternResult<AnyLinkableHash> {
    root_hash()
}

/// Makes the path and all its parents, as far as they are missing.
#[hdk_extern]
pub fn ensure_path(path: String) -> ExternResult<EntryHash> {
    let path = typed(path)?;
    path.ensure()?;
    path.path_entry_hash()
}

/// Whether the path was made.
#[hdk_extern]
pub fn path_exists(path: String) -> ExternResult<bool> {
    typed(path)?.exists()
}

/// The links to the path's children; makes the path where it is missing.
#[hdk_extern]
pub fn path_children(path: String) -> ExternResult<Vec<Link>> {
    typed(path)?.children()
}

/// The children as text; makes the path where it is missing.
#[hdk_extern]
pub fn path_children_texts(path: String) -> ExternResult<Vec<String>> {
    let children = typed(path)?.children_paths()?;
    children
        .into_iter()
        .map(|path| path.try_into().map_err(|e: SerializedBytesError| wasm_error!(e)))
        .collect()
}

/// The links to the path's children with their deletes; makes the path where it is missing.
#[hdk_extern]
pub fn path_children_details(path: String) -> ExternResult<LinkDetails> {
    typed(path)?.children_details()
}

/// Makes an anchor of two levels.
#[hdk_extern]
pub fn ensure_anchor(AnchorName { anchor_type, text }: AnchorName) -> ExternResult<EntryHash> {
    anchor(LinkTypes::Path, anchor_type, text)
}

/// The addresses of all anchor types.
#[hdk_extern]
pub fn anchor_type_addresses() -> ExternResult<Vec<AnyLinkableHash>> {
    list_anchor_type_addresses(LinkTypes::Path)
}

/// The addresses of the anchors of a type.
#[hdk_extern]
pub fn anchor_addresses(anchor_type: String) -> ExternResult<Vec<AnyLinkableHash>> {
    list_anchor_addresses(LinkTypes::Path, anchor_type)
}

/// The texts of the anchors of a type.
#[hdk_extern]
pub fn anchor_tags(anchor_type: String) -> ExternResult<Vec<String>> {
    list_anchor_tags(LinkTypes::Path, anchor_type)
}

fn typed(path: String) -> ExternResult<TypedPath> {
    Ok(Path::from(path).typed(LinkTypes::Path)?.with_strategy(GetStrategy::Local))
}
