//! The files of the page.

use axum::extract::Path;
use axum::response::Response;
use ham_web::Files;

/// The page itself.
pub(crate) async fn index() -> Response {
    FILES.page()
}

/// The files that it consists of.
pub(crate) async fn asset(Path(path): Path<String>) -> Response {
    FILES.part(&path)
}

macro_rules! files {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../assets/", $name)))),*] };
}

const FILES: Files = Files {
    page: include_str!("../assets/dev.html"),
    parts: files![
        "css/dev.css",
        "js/api.js",
        "js/chain.js",
        "js/dev.js",
        "js/dht.js",
        "js/effect.js",
        "js/side.js",
        "js/activity.js",
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_only_files_that_are_there() {
        assert_eq!(FILES.missing(), [""; 0]);
        assert!(
            !FILES.page.replace("http://www.w3.org", "").contains("http://"),
            "it comes from this binary alone"
        );
    }
}
