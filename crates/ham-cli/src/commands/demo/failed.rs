//! A demonstration that could not be carried out.

use ham_testkit::conductor::Release;

use crate::conductor::real;
use crate::demo::DemoError;
use crate::exit::Exit;
use crate::failure::Failure;

pub(super) fn failure(error: DemoError, release: Release) -> Failure {
    let install = format!("run `{}`, or name a binary in HAM_HOLOCHAIN_BIN", real::install_command(release));
    let (exit, advice) = match &error {
        DemoError::Options(_) => (Exit::Usage, "correct the options"),
        DemoError::Install(_) => (Exit::Local, install.as_str()),
        DemoError::Bundle(_) => {
            (Exit::Local, "run it where the repository is: the probe's bundle lies there")
        }
        DemoError::OffScript { .. } | DemoError::Stalled { .. } => {
            (Exit::Local, "run it again with the same --seed; if it repeats, report it with the seed")
        }
        _ => (Exit::Local, "the conductor's words say why; is the machine out of memory or of disk?"),
    };
    Failure::new(exit, error, advice)
}
