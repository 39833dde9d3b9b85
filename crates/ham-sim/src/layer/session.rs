//! `ham-session` alone, over streams in memory, with a peer that stalls, stops, answers badly and goes away.

mod client;
mod event;
mod generate;
mod judge;
mod life;
mod live;
mod peer;
mod protocol;
mod site;
mod stage;
mod states;
mod world;

use std::time::Duration;

use self::event::Happened;
use self::life::SessionLife;
use crate::finding::Verdict;
use crate::history::{History, Recorder};
use crate::life::Layer;

/// `ham-session`: blocked sockets, deadlines, places, liveness, close, and what every request is told.
#[derive(Debug)]
pub(crate) struct SessionLayer;

impl Layer for SessionLayer {
    const NAME: &'static str = "session";
    const STATES: &'static [&'static str] = states::STATES;
    const BOUND: Duration = Duration::from_secs(7_200);
    type Life = SessionLife;
    type Event = Happened;

    fn generate(seed: u64) -> SessionLife {
        generate::life(seed)
    }

    async fn live(life: SessionLife, recorder: Recorder<Happened>) {
        live::live(life, recorder).await;
    }

    fn judge(life: &SessionLife, history: &History<Happened>, verdict: &mut Verdict) {
        judge::judge(life, &history.entries, verdict);
    }
}
