use super::*;

/// A page that lists values is wrong soon.
#[test]
fn the_page_of_the_configuration_has_every_key_and_its_default() {
    let page = include_str!("../../../../docs/gateway-config.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | `"));
    let shown: Vec<(String, String)> = rows
        .map(|(key, rest)| (key.to_owned(), rest.split_once("` |").unwrap_or_default().0.to_owned()))
        .collect();
    let explained = Config::default().explained("");
    let known: Vec<(String, String)> = explained
        .lines()
        .filter_map(|line| line.strip_suffix("  # default")?.split_once(" = "))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    assert_eq!(shown, known);
}

#[test]
fn the_example_of_the_page_is_right() {
    let page = include_str!("../../../../docs/gateway-config.md");
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let config = Config::parse(example).unwrap();
    assert_eq!(config.check(), []);
    assert_eq!(config.app("supply").unwrap().ready, ["main"]);
    assert!(config.explained(example).contains("limits.wait = \"20s\"  # file\n"));
}

#[test]
fn what_is_not_known_is_told_with_what_is() {
    for (text, known) in [
        ("lisen = 1", "`listen`"),
        ("[limits]\nbodies = 1", "`body_bytes`"),
        ("[[app]]\nid = \"a\"\nname = \"b\"", "`backfill`"),
        ("[limits]\nwait = \"soon\"", "is not a time"),
    ] {
        let error = Config::parse(text).unwrap_err().to_string();
        assert!(error.contains(known), "{error}");
    }
}
