//! Which conductor is meant. A port, a URL and `--conductor` name the same thing: the one from the nearest source wins.

use url::Url;

use super::read::websocket_url;

/// Which conductor is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// One that ham starts.
    Own(Kind),
    /// One that runs: the URL of its admin interface.
    Running(Url),
}

impl Chosen {
    /// The one whose admin interface has this port here.
    pub(super) fn on_this_machine(port: u16) -> Self {
        Self::Running(Url::parse(&format!("ws://localhost:{port}")).expect("it is a URL with any port"))
    }
}

/// The conductors that ham can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The one in this program.
    Embedded,
    /// `holochain`.
    Real,
}

impl Kind {
    /// As the setting names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Embedded => EMBEDDED,
            Self::Real => REAL,
        }
    }
}

const EMBEDDED: &str = "embedded";
const REAL: &str = "real";

/// What the setting `conductor` says.
pub(super) fn named(text: &str) -> Option<Chosen> {
    match text {
        EMBEDDED => Some(Chosen::Own(Kind::Embedded)),
        REAL => Some(Chosen::Own(Kind::Real)),
        url => websocket_url(url).map(Chosen::Running),
    }
}
