//! The page of `ham dev`, and the developer's own page beside it.

use std::path::{Path, PathBuf};

use ham_devconductor::{DevConductor, Release};
use ham_page::{Build, Page, PageConfig, UiConfig, UiSource, Window, serve_ui};
use serde_json::{Value, json};
use url::Url;

use crate::exit::Exit;
use crate::failure::Failure;

/// Which pages are served.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Pages")]
pub(crate) struct PageArgs {
    /// Serve the page of the conductor on this port of 127.0.0.1; 0, the default, picks a free one
    #[arg(long, value_name = "PORT", conflicts_with = "no_page")]
    page_port: Option<u16>,
    /// Serve no page
    #[arg(long)]
    no_page: bool,
    /// Serve the app's page too, at one address per agent, with what a launcher provides: a directory with an index.html, or the
    /// address of its development server
    #[arg(long, value_name = "DIR|URL")]
    ui: Option<String>,
}

/// The pages, which are served for as long as this is held.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    page: Option<Page>,
    windows: Vec<Window>,
}

impl PageArgs {
    /// Whether any option about pages was given.
    pub(crate) fn are_given(&self) -> bool {
        self.page_port.is_some() || self.no_page || self.ui.is_some()
    }

    /// Whether the pages need an app interface.
    pub(crate) fn need_app_port(&self) -> bool {
        self.ui.is_some()
    }

    /// Serves them. A program that starts this in place of `holochain` gets no page that it did not ask for.
    pub(crate) async fn serve(
        &self,
        conductor: &DevConductor,
        app_port: Option<u16>,
        release: Release,
        in_place: bool,
    ) -> Result<Pages, Failure> {
        let observer = conductor.observer();
        let wanted = !self.no_page && (!in_place || self.page_port.is_some());
        let page = if wanted {
            let config = PageConfig::default().with_port(self.page_port.unwrap_or(0));
            let config = config.with_conductor(conductor.admin_port(), app_port, release);
            let served = Page::serve(observer.clone(), config).await;
            Some(served.map_err(|error| page_failure(error, self.page_port.unwrap_or(0)))?)
        } else {
            None
        };
        let windows = match (&self.ui, app_port) {
            (Some(ui), Some(app_port)) => {
                let served = serve_ui(&observer, UiConfig::new(source(ui)?, app_port)).await;
                let windows = served.map_err(|error| Failure::new(Exit::Local, error, "try again"))?;
                if windows.is_empty() {
                    return Err(Failure::usage(
                        "--ui serves an app's page, but no app is installed",
                        "pass --app FILE.happ or --watch, or --data DIR of a conductor that has one",
                    ));
                }
                windows
            }
            _ => Vec::new(),
        };
        Ok(Pages { page, windows })
    }
}

impl Pages {
    /// A line for each.
    pub(crate) fn lines(&self) -> String {
        let page = self.page.iter().map(|page| format!("\nPage: {}", url(page.address())));
        let windows = self.windows.iter();
        let windows = windows.map(|window| format!("\nUI of {}: {}", window.app, url(window.address)));
        page.chain(windows).collect()
    }

    /// The address of the page.
    pub(crate) fn page(&self) -> Option<String> {
        self.page.as_ref().map(|page| url(page.address()))
    }

    /// Shows the page the state of the app that is built here.
    pub(crate) fn tell_build(&self, directory: &Path, build: &Build) {
        if let Some(page) = &self.page {
            page.tell_build(&directory.display().to_string(), build);
        }
    }

    /// The windows of the app's own page.
    pub(crate) fn ui(&self) -> Vec<Value> {
        let windows = self.windows.iter();
        windows
            .map(|window| json!({ "app_id": window.app, "agent": window.agent.to_string(), "url": url(window.address) }))
            .collect()
    }
}

/// The system's error does not name the port.
fn page_failure(error: std::io::Error, port: u16) -> Failure {
    let (what, advice) = match port {
        0 => (
            "the page cannot be served on a free port of 127.0.0.1".to_owned(),
            "try again, or pass --no-page",
        ),
        port => (
            format!("the page cannot listen on port {port}"),
            "stop whatever is using the port, or pass another --page-port, or --no-page",
        ),
    };
    Failure::new(Exit::Local, anyhow::Error::new(error).context(what), advice)
}

fn url(address: std::net::SocketAddr) -> String {
    format!("http://{address}/")
}

fn source(ui: &str) -> Result<UiSource, Failure> {
    if ui.starts_with("http://") {
        let url = Url::parse(ui).map_err(|error| {
            Failure::usage(format!("--ui is not a URL: {error}"), "pass one like http://localhost:5173")
        })?;
        let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if !here || !url.username().is_empty() || url.password().is_some() || url.path() != "/" {
            return Err(Failure::usage(
                "--ui takes the root of a development server on this machine, because its page can sign as the agents",
                "pass one like http://localhost:5173",
            ));
        }
        return Ok(UiSource::Server(url));
    }
    let directory = PathBuf::from(ui);
    if directory.join("index.html").is_file() {
        Ok(UiSource::Directory(directory))
    } else {
        Err(Failure::usage(
            format!("`{}` is neither a directory with an index.html nor an http:// address", ham::masked(ui)),
            "build the page first, or pass the address of its development server",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The wrong value was repeated, with the password in it.
    #[test]
    fn what_is_no_page_is_told_without_secrets() {
        for ui in [
            "http://user:hush@localhost:port",
            "http://user:hush@localhost:5173",
            "https://user:hush@localhost",
            "user:hush@",
        ] {
            let told = source(ui).unwrap_err().text();
            assert!(told.contains("5173") || told.contains("build the page first"), "{told}");
            assert!(!told.contains("hush"), "{told}");
        }
    }
}
