//! What a launcher puts into a page's window.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use bytes::BytesMut;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::serving::Serving;
use super::sign;

/// The address of the script that does so.
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

/// The page with the script before any of its own: directly after its doctype, or at its start. A browser begins a head
/// with it. No more of the page is examined, and held, than [`BEGIN`].
///
/// # Errors
/// The page could not be read.
pub(super) async fn put_into(page: Body) -> Result<Body, axum::Error> {
    let mut parts = page.into_data_stream();
    let mut begin = BytesMut::new();
    while begin.len() < BEGIN
        && let Some(part) = parts.next().await
    {
        begin.extend_from_slice(&part?);
    }
    let after = begin.split_off(start(text(&begin)));
    let script = format!("<script src=\"{PATH}\"></script>");
    let first = [&begin[..], script.as_bytes(), &after].concat();
    Ok(Body::from_stream(stream::iter([Ok(first.into())]).chain(parts)))
}

/// The leading part of it that is text.
fn text(page: &[u8]) -> &str {
    let end = std::str::from_utf8(page).map_or_else(|error| error.valid_up_to(), str::len);
    std::str::from_utf8(&page[..end]).unwrap_or_default()
}

/// Where a page begins, in bytes. Spaces and comments may come before its doctype.
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
/// How many bytes a page's beginning may take, including the comments before it.
const BEGIN: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use bytes::Bytes;
    use futures_util::stream;

    use super::{BEGIN, put_into};

    #[tokio::test]
    async fn the_script_comes_before_those_of_the_page() {
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
            let put = put_into(Body::from(page)).await.expect("it is read");
            let put = to_bytes(put, 1 << 20).await.expect("it is read");
            assert_eq!(put, format!("{head}{script}{}", &page[head.len()..]), "{page}");
        }
    }

    /// Case: pages of 60 MiB were held for as long as nobody read them.
    #[tokio::test]
    async fn a_page_is_held_no_longer_than_it_takes_to_begin() {
        let begin = format!("<!doctype html>{}", "ä".repeat(BEGIN / 2));
        let parts = stream::iter([Ok(Bytes::from(begin.clone())), Err(std::io::Error::other("the rest"))]);
        let put = put_into(Body::from_stream(parts)).await.expect("the rest is not read");
        let error = to_bytes(put, 1 << 20).await.expect_err("it is now");
        assert!(format!("{error:?}").contains("the rest"), "{error:?}");
    }
}
