//! `ham man`.

use crate::support::Ham;

#[tokio::test]
async fn every_command_has_a_page_of_its_own() {
    let ham = Ham::new();
    let page = async |command: &[&str]| {
        let ran = ham.run(&[&["man"], command].concat()).await.ok();
        // As it is read: hyphens of words are marked.
        ran.text().replace('\\', "")
    };
    let whole = page(&[]).await;
    for part in [".TH ham 1", "ham-call", "EXIT STATUS", "129"] {
        assert!(whole.contains(part), "lacks {part}: {whole}");
    }
    let list = page(&["grants", "list"]).await;
    for part in [
        ".TH ham-grants-list 1",
        "ham grants list",
        "--revoked",
        "CONDUCTOR OPTIONS",
        "COMMON OPTIONS",
        "--json",
    ] {
        assert!(list.contains(part), "lacks {part}: {list}");
    }
    ham.run(&["man", "nonsense"]).await.failed(2, &["no command `nonsense`", "--help"]);
}
