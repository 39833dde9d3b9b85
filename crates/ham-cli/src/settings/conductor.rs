//! Which conductor is meant. A port, a URL and `--conductor` name the same thing: the one from the nearest source wins.

use url::Url;

use super::{Settings, Source, URL, Values, websocket_url};
use crate::failure::Failure;

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

impl Settings {
    /// For a command that runs conductors of this kind only: an error, with the command for the others, where the command line
    /// asks for one.
    pub(crate) fn only(&self, kind: Kind, others: &str) -> Result<(), Failure> {
        let asked = self.values.source("conductor") == Source::Flag;
        if asked && self.conductor != Some(Chosen::Own(kind)) {
            return Err(Failure::usage(
                format!("this command runs a conductor of the kind `{}` only", kind.name()),
                format!("use `{others}` for others, or leave --conductor away"),
            ));
        }
        Ok(())
    }
}

/// What the nearest source says.
pub(super) fn chosen(values: &Values) -> Result<Option<Chosen>, Failure> {
    let port = values.parsed("admin_port", "a port from 1 to 65535", |text| match text.parse::<u16>() {
        Ok(0) | Err(_) => None,
        Ok(port) => Some(Chosen::on_this_machine(port)),
    })?;
    let url = values.parsed("admin_url", URL, |text| websocket_url(text).map(Chosen::Running))?;
    let conductor = values.parsed("conductor", "`embedded`, `real` or a ws:// or wss:// URL", named)?;
    let given = [("admin_port", port), ("admin_url", url), ("conductor", conductor)];
    let mut given: Vec<_> = given
        .into_iter()
        .filter_map(|(key, chosen)| chosen.map(|chosen| (values.source(key), key, chosen)))
        .collect();
    given.sort_by_key(|(source, ..)| *source);
    let mut given = given.into_iter();
    match (given.next(), given.next()) {
        (Some((source, one, _)), Some((other, another, _))) if source == other => Err(Failure::usage(
            format!("both {} and {} say which conductor is meant", values.place(one), values.place(another)),
            "give one of them",
        )),
        (nearest, _) => Ok(nearest.map(|(_, _, chosen)| chosen)),
    }
}

pub(super) fn named(text: &str) -> Option<Chosen> {
    match text {
        EMBEDDED => Some(Chosen::Own(Kind::Embedded)),
        REAL => Some(Chosen::Own(Kind::Real)),
        url => websocket_url(url).map(Chosen::Running),
    }
}
