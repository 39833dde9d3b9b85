//! The modules of a crate, and what each calls by which name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

/// A module by its path from the crate's root.
pub(crate) type Place = Vec<String>;

/// What a name in a module means, other than a module below it.
#[derive(Clone, Debug)]
pub(crate) enum Meaning {
    /// An item that is defined in the module.
    Item,
    /// What this path means, as read in the module.
    Path(Vec<String>),
}

#[derive(Default)]
pub(crate) struct Module {
    pub(crate) file: String,
    /// The modules below it. They may share their names with items.
    pub(crate) below: BTreeSet<String>,
    pub(crate) names: BTreeMap<String, Meaning>,
    /// Modules of which it takes all names.
    pub(crate) globs: Vec<Vec<String>>,
    /// What stands in it, but for the modules below it and the tests.
    pub(crate) items: Vec<Item>,
}

/// The modules of a crate.
#[derive(Default)]
pub(crate) struct Modules {
    pub(crate) by_place: BTreeMap<Place, Module>,
    /// The macros that are found by their bare names, and their files.
    pub(crate) macros: BTreeMap<String, String>,
    lines: BTreeMap<String, usize>,
}

impl Modules {
    /// Those of the crate whose sources are in this directory.
    pub(crate) fn read(directory: &Path) -> Self {
        Self::new(&|file| std::fs::read_to_string(directory.join(file)).ok())
    }

    pub(crate) fn of_files<const N: usize>(files: [(&str, &str); N]) -> Self {
        let files = BTreeMap::from(files);
        Self::new(&|file| files.get(file).map(|text| (*text).to_owned()))
    }

    fn new(read: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut modules = Self::default();
        modules.add_file(read, Vec::new(), "lib.rs".to_owned());
        modules
    }

    /// The files, each with the number of its lines.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&str, usize)> {
        self.lines.iter().map(|(file, lines)| (file.as_str(), *lines))
    }

    fn add_file(&mut self, read: &dyn Fn(&str) -> Option<String>, place: Place, file: String) {
        let text = read(&file).unwrap_or_else(|| panic!("{file} is not there"));
        self.lines.insert(file.clone(), text.lines().count());
        let items = syn::parse_file(&text).unwrap_or_else(|error| panic!("{file}: {error}")).items;
        self.add(read, place, file, items);
    }

    fn add(&mut self, read: &dyn Fn(&str) -> Option<String>, place: Place, file: String, items: Vec<Item>) {
        let mut module = Module { file: file.clone(), ..Module::default() };
        for item in items {
            if is_for_tests(attributes(&item)) {
                continue;
            }
            match item {
                Item::Mod(below) => {
                    let name = below.ident.to_string();
                    module.below.insert(name.clone());
                    let place = [place.as_slice(), &[name]].concat();
                    match below.content {
                        Some((_, items)) => self.add(read, place, file.clone(), items),
                        None => {
                            let below = format!("{}.rs", place.join("/"));
                            self.add_file(read, place, below);
                        }
                    }
                }
                Item::Use(used) => module.take(&used),
                item => {
                    match name_of(&item) {
                        Some(name) if matches!(item, Item::Macro(_)) => {
                            self.macros.insert(name, file.clone());
                        }
                        Some(name) => {
                            module.names.insert(name, Meaning::Item);
                        }
                        None => {}
                    }
                    module.items.push(item);
                }
            }
        }
        self.by_place.insert(place, module);
    }
}

impl Module {
    /// Takes the names of a `use`. The names are needed where they stand in the code, and those that are handed on where they
    /// are taken from here.
    fn take(&mut self, used: &ItemUse) {
        for (name, path) in flat(&used.tree, &[]) {
            match name {
                Some(name) => {
                    self.names.insert(name, Meaning::Path(path));
                }
                None => self.globs.push(path),
            }
        }
        if matches!(used.vis, Visibility::Inherited) {
            self.items.push(Item::Use(used.clone()));
        }
    }
}

/// The paths of a `use`, each with the name it goes by; none for all names of a module.
pub(crate) fn flat(tree: &UseTree, before: &[String]) -> Vec<(Option<String>, Vec<String>)> {
    let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
    match tree {
        UseTree::Path(path) => flat(&path.tree, &with(&path.ident)),
        UseTree::Name(name) if name.ident == "self" => vec![(before.last().cloned(), before.to_vec())],
        UseTree::Name(name) => vec![(Some(name.ident.to_string()), with(&name.ident))],
        UseTree::Rename(name) => vec![(Some(name.rename.to_string()), with(&name.ident))],
        UseTree::Glob(_) => vec![(None, before.to_vec())],
        UseTree::Group(group) => group.items.iter().flat_map(|tree| flat(tree, before)).collect(),
    }
}

/// Whether it is compiled for tests and documentation only.
pub(crate) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Ident>()
                .is_ok_and(|condition| condition == "test" || condition == "doctest")
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}
