//! The files of the page, in the binary. They come from nowhere else, and the policy forbids everything else.

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What the page may do: run and show these files, and ask its own server.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page itself.
pub(crate) async fn index() -> Response {
    file("text/html; charset=utf-8", include_str!("../assets/dev.html"))
}

/// What it is made of.
pub(crate) async fn asset(Path(path): Path<String>) -> Response {
    match FILES.iter().find(|(name, _)| *name == path) {
        Some((name, text)) => file(kind(name), text),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn kind(name: &str) -> &'static str {
    if name.ends_with(".css") { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" }
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        // Another build of ham may answer at this address tomorrow.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, text).into_response()
}

macro_rules! files {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../assets/", $name)))),*] };
}

const FILES: &[(&str, &str)] = files![
    "css/base.css",
    "css/dev.css",
    "js/api.js",
    "js/chain.js",
    "js/dev.js",
    "js/dht.js",
    "js/side.js",
    "js/activity.js",
    "js/ui.js",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_only_files_that_are_there() {
        let page = include_str!("../assets/dev.html");
        for (_, rest) in page.match_indices("=\"/assets/").map(|(at, found)| (at, &page[at + found.len()..]))
        {
            let name = rest.split('"').next().unwrap_or_default();
            assert!(FILES.iter().any(|(file, _)| *file == name), "{name}");
        }
        assert!(!page.contains("http://") || page.contains("www.w3.org"), "it comes from this binary alone");
    }
}
