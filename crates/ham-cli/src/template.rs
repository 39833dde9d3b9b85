//! The files of a new app. The result belongs to whoever makes the app.

use crate::name::Name;

/// A file of the template: its path and its contents. Both contain the app's names.
type File = (&'static str, &'static str);

/// All of them.
const FILES: [File; 13] = [
    (".gitignore", include_str!("../templates/gitignore")),
    ("Cargo.lock", include_str!("../templates/Cargo.lock.in")),
    ("Cargo.toml", include_str!("../templates/Cargo.toml.in")),
    ("README.md", include_str!("../templates/README.md")),
    ("dna/dna.yaml", include_str!("../templates/dna/dna.yaml")),
    ("happ.yaml", include_str!("../templates/happ.yaml")),
    ("tests/Cargo.toml", include_str!("../templates/tests/Cargo.toml.in")),
    ("tests/app.rs", include_str!("../templates/tests/app.rs")),
    ("ui/index.html", include_str!("../templates/ui/index.html")),
    ("zomes/{{zome}}/Cargo.toml", include_str!("../templates/coordinator/Cargo.toml.in")),
    ("zomes/{{zome}}/src/lib.rs", include_str!("../templates/coordinator/lib.rs")),
    ("zomes/{{zome}}_integrity/Cargo.toml", include_str!("../templates/integrity/Cargo.toml.in")),
    ("zomes/{{zome}}_integrity/src/lib.rs", include_str!("../templates/integrity/lib.rs")),
];

/// The files of an app of this name: each one's path in its directory, and its content.
pub(crate) fn files(name: &Name) -> impl Iterator<Item = (String, String)> {
    FILES.iter().map(|(path, content)| (filled(path, name), filled(content, name)))
}

fn filled(text: &str, name: &Name) -> String {
    text.replace("{{name}}", &name.app).replace("{{zome}}", &name.zome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_template_is_left_open_and_nothing_is_a_path_of_ours() {
        let name = Name::of("my-app").unwrap();
        for (path, content) in files(&name) {
            assert!(!path.contains("{{") && !content.contains("{{"), "{path}");
            let outside = content.contains("path = \"/") || content.contains("../../..");
            assert!(!outside, "{path}");
        }
        assert!(files(&name).any(|(path, _)| path == "zomes/my_app_integrity/src/lib.rs"));
    }
}
