//! Unambiguous paths.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use percent_encoding::percent_decode_str;

use crate::kind::Kind;
use crate::problem::Problem;

/// Refuses a path that another server could read as a different path.
pub(crate) async fn check(request: Request, next: Next) -> Response {
    match ambiguous(request.uri().path()) {
        Some(why) => Problem::new(Kind::BadRequest, why).into_response(),
        None => next.run(request).await,
    }
}

fn ambiguous(path: &str) -> Option<&'static str> {
    let Some(parts) = path.strip_prefix('/') else {
        return (path != "*").then_some("the path begins with no slash");
    };
    if parts.is_empty() {
        return None;
    }
    parts.split('/').find_map(|part| {
        let Ok(part) = percent_decode_str(part).decode_utf8() else {
            return Some("a part of the path is not UTF-8");
        };
        match &*part {
            "" => Some("a part of the path is empty"),
            "." | ".." => Some("a part of the path is `.` or `..`"),
            part if part.contains(['/', '\\']) => Some("a part of the path has a slash in it"),
            part if part.chars().any(char::is_control) => {
                Some("a part of the path has a control character in it")
            }
            part if part.chars().count() > MOST_PART => {
                Some("a part of the path is longer than 100 characters")
            }
            _ => None,
        }
    })
}

/// In characters.
const MOST_PART: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_meaning() {
        let long = format!("/{}", "x".repeat(MOST_PART));
        for path in [
            "/",
            "/health",
            "/api/v1/apps/a%20b",
            "/api/v1/apps/caf%C3%A9",
            "/a/main.0/b",
            "/%2e%2e%2e",
            &long,
        ] {
            assert_eq!(ambiguous(path), None, "{path}");
        }
        let longer = format!("{long}x");
        for path in [
            "//",
            "/a//b",
            "/a/",
            "/./a",
            "/a/..",
            "/a/%2e%2e/b",
            "/a/%2E",
            "/a%2fb",
            "/a%5Cb",
            "/a%00",
            "/a%0a",
            "/%ff",
            "x",
            &longer,
        ] {
            assert!(ambiguous(path).is_some(), "{path}");
        }
    }

    /// Decoded twice, it would be a slash; it is decoded once.
    #[test]
    fn a_path_is_decoded_once() {
        assert_eq!(ambiguous("/a%252fb"), None);
    }
}
