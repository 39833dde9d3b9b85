//! The files of a page, in the binary. They come from nowhere else, and the policy forbids everything else.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What a page may do: run and show its own files, and ask its own server.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The files of one page, beside those that all pages share.
#[derive(Clone, Copy, Debug)]
pub struct Files {
    /// The page itself, HTML.
    pub page: &'static str,
    /// Its parts: names such as `css/dev.css` and `js/dev.js`, and their texts.
    pub parts: &'static [(&'static str, &'static str)],
}

impl Files {
    /// Answers the page.
    #[must_use]
    pub fn page(&self) -> Response {
        file("text/html; charset=utf-8", self.page)
    }

    /// Answers a part; 404 if there is none of this name.
    #[must_use]
    pub fn part(&self, name: &str) -> Response {
        let found = self.parts.iter().chain(SHARED).find(|(known, _)| *known == name);
        found.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |(name, text)| file(kind(name), text))
    }

    /// The parts that the page names but does not have: a test of the page should find none.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let names = self.page.split("=\"/assets/").skip(1).filter_map(|rest| rest.split('"').next());
        let known = |name: &&str| self.parts.iter().chain(SHARED).any(|(known, _)| known == name);
        names.filter(|name| !known(name)).collect()
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

const SHARED: &[(&str, &str)] = &[
    ("css/base.css", include_str!("../assets/css/base.css")),
    ("js/stream.js", include_str!("../assets/js/stream.js")),
    ("js/ui.js", include_str!("../assets/js/ui.js")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_the_page_s_or_everybody_s_and_a_missing_one_is_named() {
        let page = r#"<link href="/assets/css/base.css"><script src="/assets/js/own.js"></script><script src="/assets/js/gone.js"></script>"#;
        let files = Files { page, parts: &[("js/own.js", "1")] };
        assert_eq!(files.missing(), ["js/gone.js"]);
        for (name, status) in [("js/own.js", 200), ("css/base.css", 200), ("js/gone.js", 404), ("../x", 404)]
        {
            let answer = files.part(name);
            assert_eq!(answer.status(), status, "{name}");
        }
        let headers = files.page().headers().clone();
        assert!(headers[header::CONTENT_SECURITY_POLICY].to_str().is_ok_and(|policy| policy == POLICY));
    }
}
