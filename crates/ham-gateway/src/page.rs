//! The status page. Its files contain no data, so they need no key; the requests that it makes do.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use ham_web::Files;

use crate::gateway::Gateway;

pub(crate) fn routes() -> Router<Arc<Gateway>> {
    Router::new().route("/", get(page)).route("/assets/{*path}", get(part))
}

async fn page() -> Response {
    FILES.page()
}

async fn part(Path(path): Path<String>) -> Response {
    FILES.part(&path)
}

macro_rules! files {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../assets/", $name)))),*] };
}

const FILES: Files = Files {
    page: include_str!("../assets/status.html"),
    parts: files![
        "css/status.css",
        "js/api.js",
        "js/apps.js",
        "js/calls.js",
        "js/events.js",
        "js/lanes.js",
        "js/status.js",
        "js/verdict.js",
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_only_files_that_are_there() {
        assert_eq!(FILES.missing(), [""; 0]);
    }
}
