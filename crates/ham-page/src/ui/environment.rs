//! What a launcher puts into a page's window.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::serving::Serving;
use super::sign;

/// Where the script is that puts it there.
pub(super) const PATH: &str = "/__ham/environment.js";

/// The script. Only the window's own page may read it: the guard refuses other origins.
pub(super) async fn script(State(serving): State<Arc<Serving>>) -> Response {
    let script = format!(
        "{}\nwindow.__HC_LAUNCHER_ENV__ = {};\nwindow.__HC_ZOME_CALL_SIGNER__ = signer({});\n}})();\n",
        include_str!("../../assets/js/signer.js"),
        serving.environment.json(),
        Value::from(sign::PATH),
    );
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], script).into_response()
}

/// The page with the script before any of its own: directly after its doctype, or at its start. A browser begins a head with it.
pub(super) fn put_into(page: &str) -> String {
    let (before, after) = page.split_at(start(page));
    format!("{before}<script src=\"{PATH}\"></script>{after}")
}

/// Where a page begins, in bytes. Space and comments may stand before its doctype.
fn start(page: &str) -> usize {
    let first = page.len() - page.trim_start_matches('\u{feff}').len();
    let mut rest = &page[first..];
    loop {
        rest = rest.trim_start();
        if let Some(comment) = rest.strip_prefix("<!--") {
            let Some(after) = after_comment(comment) else { return first };
            rest = after;
            continue;
        }
        let doctype = rest.get(..DOCTYPE.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(DOCTYPE));
        let end = rest.find('>').filter(|_| doctype);
        return end.map_or(first, |end| page.len() - rest.len() + end + 1);
    }
}

/// What follows a comment, as HTML ends it: `-->`, `--!>`, and `>` or `->` at its very start.
fn after_comment(comment: &str) -> Option<&str> {
    if let Some(after) = comment.strip_prefix('>').or_else(|| comment.strip_prefix("->")) {
        return Some(after);
    }
    let ends = ["-->", "--!>"].map(|end| comment.find(end).map(|at| at + end.len()));
    ends.into_iter().flatten().min().map(|at| &comment[at..])
}

const DOCTYPE: &str = "<!doctype";

#[cfg(test)]
mod tests {
    use super::put_into;

    #[test]
    fn the_script_comes_before_those_of_the_page() {
        let script = r#"<script src="/__ham/environment.js"></script>"#;
        for (page, head) in [
            ("<!doctype html><html><HEAD lang=en><script></script></HEAD>", "<!doctype html>"),
            // The script was put into the comment.
            ("<!doctype html><!-- <head> --><head>", "<!doctype html>"),
            (
                "\u{feff}\n<!-- <!doctype x> --!><!--><!doctype html><p>",
                "\u{feff}\n<!-- <!doctype x> --!><!--><!doctype html>",
            ),
            ("<!-- no end <!doctype html>", ""),
            ("<html><!-- <!doctype html> -->", ""),
            ("\u{feff}<p>", "\u{feff}"),
            ("<!DOCTYPE html>\n<p>ä", "<!DOCTYPE html>"),
            ("<p>", ""),
            ("", ""),
        ] {
            assert_eq!(put_into(page), format!("{head}{script}{}", &page[head.len()..]), "{page}");
        }
    }
}
