//! A page in a directory.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};

use super::environment::put_into;
use super::serving::{Serving, UiSource};

/// A file of it, or its `index.html` where a path names none: pages have routes of their own.
pub(super) async fn file(State(serving): State<Arc<Serving>>, uri: Uri) -> Response {
    let UiSource::Directory(directory) = &serving.source else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(path) = inside(uri.path()) else { return StatusCode::BAD_REQUEST.into_response() };
    let is_index = path.as_os_str().is_empty() || path.extension().is_none();
    let path = if is_index { PathBuf::from("index.html") } else { path };
    match read(directory, &path).await {
        Some(bytes) if path.extension().is_some_and(|kind| kind == "html") => {
            let page = put_into(&String::from_utf8_lossy(&bytes));
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
        }
        Some(bytes) => ([(header::CONTENT_TYPE, kind(&path))], bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A file below the directory, links followed only where they stay below it.
async fn read(directory: &Path, path: &Path) -> Option<Vec<u8>> {
    let directory = tokio::fs::canonicalize(directory).await.ok()?;
    let file = tokio::fs::canonicalize(directory.join(path)).await.ok()?;
    let kind = tokio::fs::metadata(&file).await.ok()?;
    if !file.starts_with(&directory) || !kind.is_file() || kind.len() > MAX_FILE {
        return None;
    }
    tokio::fs::read(file).await.ok()
}

/// The path of a request, decoded once; `None` where it leads out.
fn inside(path: &str) -> Option<PathBuf> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    let decoded = String::from_utf8(decoded).ok()?;
    let path = PathBuf::from(decoded.trim_start_matches('/'));
    let stays = path.components().all(|part| matches!(part, Component::Normal(_)));
    (stays && !decoded.contains(['\0', '\\'])).then_some(path)
}

fn kind(path: &Path) -> &'static str {
    match path.extension().and_then(|kind| kind.to_str()).unwrap_or_default() {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The largest file, in bytes.
const MAX_FILE: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out() {
        for out in ["/../x", "/a/../../x", "/%2e%2e/x", "/a%00", "/%zz", "/a\\b", "/%ff"] {
            assert_eq!(inside(out), None, "{out}");
        }
        assert_eq!(inside("/"), Some(PathBuf::new()));
        assert_eq!(inside("/a%20b/c.js"), Some(PathBuf::from("a b/c.js")));
        assert_eq!(inside("//etc/passwd"), Some(PathBuf::from("etc/passwd")));
    }
}
