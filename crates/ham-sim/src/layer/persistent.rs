//! `ham-persistent` alone, with a connector that does what the seed says.

mod actors;
mod connector;
mod drain;
mod event;
mod generate;
mod judge;
mod life;
mod link;
mod phase;
mod script;
mod stage;
mod states;

use std::time::Duration;

use self::event::Happened;
use self::life::PersistentLife;
use crate::finding::Verdict;
use crate::history::{History, Recorder};
use crate::life::Layer;

/// `ham-persistent`: attempts that take time and fail, links that end, callbacks that wait, handles that close, drop and redial
/// at every moment, early and late subscribers.
#[derive(Debug)]
pub(crate) struct PersistentLayer;

impl Layer for PersistentLayer {
    const NAME: &'static str = "persistent";
    const STATES: &'static [&'static str] = states::STATES;
    const BOUND: Duration = Duration::from_secs(3_600);
    type Life = PersistentLife;
    type Event = Happened;

    fn generate(seed: u64) -> PersistentLife {
        generate::life(seed)
    }

    async fn live(life: PersistentLife, recorder: Recorder<Happened>) {
        drain::live(life, recorder).await;
    }

    fn judge(life: &PersistentLife, history: &History<Happened>, verdict: &mut Verdict) {
        judge::judge(life, &history.entries, verdict);
    }
}
