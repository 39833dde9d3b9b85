//! Which file needs which: every path in the code, followed to the file in which what it means is defined.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::modules::{Meaning, Modules, Place, flat, is_for_tests};

/// What each file needs, and one of the paths by which it does.
pub(crate) type Needs = BTreeMap<String, BTreeMap<String, String>>;

/// Re-exports that are followed one after the other.
const MOST_STEPS: usize = 32;

pub(crate) fn needs(modules: &Modules) -> Needs {
    let mut needs = Needs::new();
    for (place, module) in &modules.by_place {
        let mut paths = Paths::default();
        module.items.iter().for_each(|item| paths.visit_item(item));
        let needed = needs.entry(module.file.clone()).or_default();
        let macros = paths.macros.into_iter().map(|name| (modules.macros.get(&name).cloned(), name));
        let paths = paths.found.into_iter();
        let paths = paths.map(|path| (file_of(modules, place, &path, MOST_STEPS), path.join("::")));
        for (file, by) in macros.chain(paths) {
            if let Some(file) = file.filter(|file| *file != module.file) {
                needed.entry(file).or_insert(by);
            }
        }
    }
    needs
}

/// The file that defines what a path means in a module; none for another crate's, and for a module itself.
fn file_of(modules: &Modules, place: &Place, path: &[String], steps: usize) -> Option<String> {
    let steps = steps.checked_sub(1)?;
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => item_of(modules, Vec::new(), rest, steps),
        "self" => item_of(modules, place.clone(), rest, steps),
        "super" => {
            let mut place = place.clone();
            let mut rest = rest;
            place.pop();
            while let Some(("super", after)) =
                rest.split_first().map(|(first, after)| (first.as_str(), after))
            {
                place.pop();
                rest = after;
            }
            item_of(modules, place, rest, steps)
        }
        _ => item_of(modules, place.clone(), path, steps),
    }
}

/// The same for a path that begins with a name of the module.
fn item_of(modules: &Modules, place: Place, path: &[String], steps: usize) -> Option<String> {
    let steps = steps.checked_sub(1)?;
    let module = modules.by_place.get(&place)?;
    let (first, rest) = path.split_first()?;
    if module.below.contains(first)
        && let Some(file) = item_of(modules, [place.as_slice(), &path[..1]].concat(), rest, steps)
    {
        return Some(file);
    }
    match module.names.get(first) {
        Some(Meaning::Item) => Some(module.file.clone()),
        // A name that stands for itself is another crate's.
        Some(Meaning::Path(means)) if means.first() == Some(first) => None,
        Some(Meaning::Path(means)) => file_of(modules, &place, &[means.as_slice(), rest].concat(), steps),
        None => module.globs.iter().find_map(|glob| {
            let path = [glob.as_slice(), path].concat();
            file_of(modules, &place, &path, steps)
        }),
    }
}

/// The paths that stand in an item.
#[derive(Default)]
struct Paths {
    found: Vec<Vec<String>>,
    /// Macros that are called by their bare names.
    macros: Vec<String>,
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.found.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_item_use(&mut self, used: &'ast syn::ItemUse) {
        self.found.extend(flat(&used.tree, &[]).into_iter().map(|(_, path)| path));
    }

    fn visit_item_mod(&mut self, below: &'ast syn::ItemMod) {
        if !is_for_tests(&below.attrs) {
            visit::visit_item_mod(self, below);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_for_tests(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    /// Attributes name no items of ours, and visibilities are no needs.
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        match called.path.get_ident() {
            Some(name) => self.macros.push(name.to_string()),
            None => self.visit_path(&called.path),
        }
        self.read(called.tokens.clone());
    }
}

impl Paths {
    /// What a macro is given is no syntax yet: names that are joined by `::` are paths.
    fn read(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.found.push(std::mem::take(&mut path));
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.found.push(std::mem::take(&mut path));
                    self.read(group.stream());
                    colons = 0;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {
                    self.found.push(std::mem::take(&mut path));
                    colons = 0;
                }
            }
        }
        self.found.push(path);
    }
}
