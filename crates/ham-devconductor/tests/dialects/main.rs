//! What the releases say otherwise than each other, row by row: on the embedded conductor as each of them, and beside the
//! real one where its binary is there.
//!
//! A scenario is written once, in bytes of MessagePack: no typed client speaks more than one release. `real_0_6`, `real_0_7_0`
//! and `real_0_7_1` play some of them on both and compare the answers, and all of them with
//! `HAM_CONFORMANCE=all cargo test -p ham-devconductor --features real --test dialects real_0_7_0`. The variable may also name scenarios, by a part
//! of their names.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod ordinary;
mod player;
#[cfg(feature = "real")]
mod real;
mod rows;
mod scenarios;
#[path = "../conformance/transcript.rs"]
#[allow(clippy::allow_attributes, dead_code, reason = "of the other suite, which uses all of it")]
mod transcript;
mod wire;

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use ham_devconductor::{Config, DevConductor, Release};

use player::Player;
use transcript::Step;

/// Reaching it means a hang: a real conductor translates an app for half a minute when the machine is busy.
pub(crate) const BOUND: Duration = Duration::from_secs(300);

/// A scenario: its name, and what it does.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    play: for<'a> fn(&'a mut Player) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
}

macro_rules! scenarios {
    ($($module:ident: $($name:ident),+;)+) => {
        &[$($(Scenario {
            name: stringify!($name),
            play: |player| Box::pin($module::$name(player)),
        }),+),+]
    };
}

pub(crate) const SCENARIOS: &[Scenario] = scenarios![
    scenarios: known_requests, grants, closed_chain, closed_chain_of_a_zome, dumps, cells_off, signals;
    ordinary: refused_calls, failed_calls, lives_of_apps, clones, tokens;
];

impl Scenario {
    /// Plays it on a conductor; answers what came of it.
    pub(crate) async fn play(&self, release: Release, admin_port: u16, bundle: &Path) -> Vec<Step> {
        let mut player = Player::new(release, admin_port, bundle).await;
        let played = tokio::time::timeout(BOUND, (self.play)(&mut player)).await;
        played.unwrap_or_else(|_| panic!("{} did not end", self.name));
        player.into_steps()
    }

    /// Plays it on an embedded conductor of its own.
    pub(crate) async fn embedded(&self, release: Release) -> Vec<Step> {
        let conductor = DevConductor::start_with(Config::default().with_release(release)).await.unwrap();
        let steps = self.play(release, conductor.admin_port(), &bundle()).await;
        conductor.shut_down().await;
        steps
    }
}

/// The probe for the embedded conductor, whichever release it is.
pub(crate) fn bundle() -> PathBuf {
    happ().join("probe.happ")
}

pub(crate) fn happ() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../happ/bundle")
}
