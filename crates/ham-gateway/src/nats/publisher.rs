//! All chains of all cells, each written by a task of its own.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::chain::Chain;
use super::chain_writer::ChainWriter;
use super::link::Link;
use super::status::NatsStatus;
use super::stream::Stream;
use super::subject::Subjects;
use super::writer::Writer;
use crate::config::Nats;
use crate::feed::{CellChain, List};
use crate::gateway::Gateway;
use crate::life::Life;

/// Publishes the feed of each cell, until the gateway drains. It owns the tasks.
pub(super) async fn publish(gateway: &Arc<Gateway>, config: &Nats, link: &Link, status: &Arc<NatsStatus>) {
    let (mut cells, mut life) = (gateway.feed.cells(), gateway.life());
    let stream = Stream::of(config, link);
    let mut chains = JoinSet::new();
    let mut running: HashSet<String> = HashSet::new();
    loop {
        let now = cells.borrow_and_update().clone();
        for (name, cell) in now {
            if !running.insert(name.clone()) {
                continue;
            }
            let writer = Writer::new(link.clone(), stream.clone(), Arc::clone(status));
            let chain_writer = ChainWriter::new(&name, Subjects::below(&config.prefix), writer);
            let list = list(gateway, &cell);
            let chain = Chain::new(&name, cell.cell, chain_writer, &gateway.feed, list);
            chains.spawn(chain.run());
        }
        // Draining first: it releases the subscriptions. What was not published is a gap after the next start, or is
        // requested from the chain.
        tokio::select! {
            biased;
            () = life.reaches(Life::Draining) => return,
            changed = cells.changed() => if changed.is_err() { return },
        }
    }
}

/// What lists the blocks of a cell.
fn list(gateway: &Gateway, cell: &CellChain) -> Option<List> {
    let live = gateway.live();
    let backfill = live.config.app(&cell.app)?.backfill.clone()?;
    drop(live);
    let list = List::of(&gateway.apps.get(&cell.app)?.ham, &backfill)?;
    (list.role() == cell.role).then_some(list)
}
