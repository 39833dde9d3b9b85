//! Loses the link again and again.

use ham::{HamState, PersistentHam};
use ham_testkit::chaos::Proxy;

use super::load::Load;
use super::options::SoakOptions;
use crate::demo::error::DemoError;
use crate::demo::wait::{for_state, within};

/// Loses the link as often as the options say, spread over the load that runs in parallel: alternately cut and reset.
pub(super) async fn run(
    proxy: &Proxy,
    ham: &PersistentHam,
    load: &Load<'_>,
    options: &SoakOptions,
) -> Result<(), DemoError> {
    let mut state = ham.state();
    let mut lost = None;
    for number in 0..options.losses {
        within("progress of the calls", load.until_ended(options.calls_before_loss(number))).await?;
        // A later link than the one that was lost last.
        let since = for_state("live connection", &mut state, |now| match now {
            HamState::Live { since, .. } if lost.is_none_or(|lost| *since > lost) => Some(*since),
            _ => None,
        });
        lost = Some(since.await?);
        if number.is_multiple_of(2) {
            proxy.cut_now();
        } else {
            proxy.reset_now();
        }
    }
    Ok(())
}
