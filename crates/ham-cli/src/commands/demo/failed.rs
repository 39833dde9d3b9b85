//! A demonstration that could not be carried out.

use ham_launcher::Release;

use crate::conductor::real;
use crate::demo::DemoError;
use crate::exit::Exit;
use crate::failure::Failure;

pub(super) fn failure(error: DemoError, release: Release) -> Failure {
    let install = format!("run `{}`, or name a binary in HAM_HOLOCHAIN_BIN", real::install_command(release));
    let (exit, advice) = match &error {
        DemoError::Options(_) => (Exit::Usage, "correct the options"),
        DemoError::Install(_) => (Exit::Local, install.as_str()),
        DemoError::Bundle(_) => (Exit::Local, "run it inside the repository: the probe's bundle is there"),
        DemoError::OffScript { .. } | DemoError::Stalled { .. } => {
            (Exit::Local, "run it again with the same --seed; if it repeats, report it with the seed")
        }
        _ => (
            Exit::Local,
            "the conductor's message says why; has the machine run out of memory or disk space?",
        ),
    };
    Failure::new(exit, error, advice)
}
