//! A page in a directory.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};

use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

use super::environment::put_into;
use super::serving::{Serving, UiSource};

/// One of its files, or its `index.html` if there is no such file and a page is requested: pages have routes of their own.
pub(super) async fn file(State(serving): State<Arc<Serving>>, headers: HeaderMap, uri: Uri) -> Response {
    let UiSource::Directory(directory) = &serving.source else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(path) = inside(uri.path()) else { return StatusCode::BAD_REQUEST.into_response() };
    let accepted = headers.get(header::ACCEPT).and_then(|kinds| kinds.to_str().ok()).unwrap_or_default();
    let is_page = path.extension().is_none() || accepted.contains("text/html");
    let path = match found(directory, &path).await {
        None if is_page => found(directory, Path::new("index.html")).await,
        path => path,
    };
    let Some(path) = path else { return StatusCode::NOT_FOUND.into_response() };
    let Some((length, body)) = opened(&path).await else { return StatusCode::NOT_FOUND.into_response() };
    if path.extension().is_none_or(|kind| kind != "html") {
        return ([(header::CONTENT_TYPE, kind(&path))], [(header::CONTENT_LENGTH, length)], body)
            .into_response();
    }
    match put_into(body).await {
        Ok(page) => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A file below the directory; links are followed only if they stay below it and lead to nothing hidden.
async fn found(directory: &Path, path: &Path) -> Option<PathBuf> {
    let directory = tokio::fs::canonicalize(directory).await.ok()?;
    let file = tokio::fs::canonicalize(directory.join(path)).await.ok()?;
    let is_file = tokio::fs::metadata(&file).await.ok()?.is_file();
    let is_shown = file.strip_prefix(&directory).is_ok_and(|inner| !inner.components().any(hidden));
    (is_file && is_shown).then_some(file)
}

/// The length of a file, and its bytes as they are sent.
async fn opened(file: &Path) -> Option<(u64, Body)> {
    let file = tokio::fs::File::open(file).await.ok()?;
    let length = file.metadata().await.ok()?.len();
    // A file that grows meanwhile keeps the length that was announced.
    Some((length, Body::from_stream(ReaderStream::with_capacity(file.take(length), PART))))
}

/// Settings and secrets of tools, such as `.env.local`, have such names.
fn hidden(part: Component<'_>) -> bool {
    part.as_os_str().as_encoded_bytes().starts_with(b".")
}

/// The path of a request, decoded once; `None` if it leads outside, or to something hidden.
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
    let stays = path.components().all(|part| matches!(part, Component::Normal(_)) && !hidden(part));
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

/// How many bytes are read at a time.
const PART: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_found_before_the_index_and_nothing_hidden_is() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR"));
        let found = |path: &'static str| found(directory, Path::new(path));
        assert!(found("src/lib.rs").await.is_some_and(|file| file.ends_with("src/lib.rs")));
        assert_eq!((found("src").await, found("").await, found("none").await), (None, None, None));
        assert_eq!((found("../ham-json/README.md").await, found("src/../../.gitignore").await), (None, None));
        assert!(hidden(Component::Normal(".env".as_ref())) && !hidden(Component::Normal("a.env".as_ref())));
    }

    #[test]
    fn no_path_leads_out() {
        for out in [
            "/.env.local",
            "/a/.git/config",
            "/%2eenv",
            "/../x",
            "/a/../../x",
            "/%2e%2e/x",
            "/a%00",
            "/%zz",
            "/a\\b",
            "/%ff",
        ] {
            assert_eq!(inside(out), None, "{out}");
        }
        assert_eq!(inside("/"), Some(PathBuf::new()));
        assert_eq!(inside("/a%20b/c.js"), Some(PathBuf::from("a b/c.js")));
        assert_eq!(inside("//etc/passwd"), Some(PathBuf::from("etc/passwd")));
    }
}
