//! Which conductor is meant. A port, a URL and `--conductor` name the same thing: the one from the nearest source wins.

use url::Url;

use super::read::websocket_url;

/// Which conductor is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// A conductor that ham starts.
    Own(Kind),
    /// A running conductor: the URL of its admin interface.
    Running(Url),
}

impl Chosen {
    /// The conductor whose admin interface has this port on this machine.
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
    /// The name in the setting.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Embedded => EMBEDDED,
            Self::Real => REAL,
        }
    }
}

const EMBEDDED: &str = "embedded";
const REAL: &str = "real";

/// Parses the setting `conductor`.
pub(super) fn named(text: &str) -> Option<Chosen> {
    match text {
        EMBEDDED => Some(Chosen::Own(Kind::Embedded)),
        REAL => Some(Chosen::Own(Kind::Real)),
        url => websocket_url(url).map(Chosen::Running),
    }
}
