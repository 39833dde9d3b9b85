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

/// The page with the script before any of its own.
pub(super) fn put_into(page: &str) -> String {
    let script = format!("<script src=\"{PATH}\"></script>");
    let lower = page.to_ascii_lowercase();
    let head = lower.find("<head").and_then(|at| lower[at..].find('>').map(|end| at + end + 1));
    // A page without a head begins after its doctype.
    let at =
        head.or_else(|| lower.find("<!doctype").and_then(|at| lower[at..].find('>').map(|end| at + end + 1)));
    let (before, after) = page.split_at(at.unwrap_or(0));
    format!("{before}{script}{after}")
}

#[cfg(test)]
mod tests {
    use super::put_into;

    #[test]
    fn the_script_comes_before_those_of_the_page() {
        let script = r#"<script src="/__ham/environment.js"></script>"#;
        for (page, head) in [
            (
                "<!doctype html><html><HEAD lang=en><script></script></HEAD>",
                "<!doctype html><html><HEAD lang=en>",
            ),
            ("<!DOCTYPE html>\n<p>ä", "<!DOCTYPE html>"),
            ("<p>", ""),
            ("", ""),
        ] {
            assert_eq!(put_into(page), format!("{head}{script}{}", &page[head.len()..]), "{page}");
        }
    }
}
