//! The actions of one DNA, of all agents here, in the order in which they were written.

mod row;
mod types;

use std::collections::{HashMap, VecDeque};

use ham_devconductor::{CallId, Observer, ViewError};
use holo_hash::{ActionHash, DnaHash};
use holochain_types::prelude::{CellId, Record};

use crate::directory::Directory;
use crate::list::listed;
pub(crate) use row::{Row, decoded, too_long};
pub(crate) use types::Types;

/// The newest actions of a DNA, with their contents.
#[derive(Debug, Default)]
pub(crate) struct ActionLog {
    types: Types,
    rows: VecDeque<Row>,
    /// The position of the oldest action that is kept.
    first: u64,
    places: HashMap<ActionHash, u64>,
    /// The size of the rows.
    bytes: usize,
}

impl ActionLog {
    /// Reads the chains. Actions of different agents are ordered only by their times.
    pub(crate) async fn read(
        observer: &Observer,
        directory: &Directory,
        dna: &DnaHash,
    ) -> Result<Self, ViewError> {
        let mut log = Self::default();
        let mut records = Vec::new();
        for cell in directory.cells_of(dna) {
            if log.types.is_empty() {
                // A cell that does not run reveals no names, so its actions are shown without them.
                log.types = observer.zomes(&cell.id).map(|zomes| Types::of(&zomes)).unwrap_or_default();
            }
            records.extend(observer.chain(&cell.id).await?);
        }
        records.sort_by_key(|record| (record.action().timestamp(), record.action().action_seq()));
        for record in &records {
            log.append(record);
        }
        Ok(log)
    }

    /// Records an action; `None` if it is already there.
    pub(crate) fn append(&mut self, record: &Record) -> Option<&Row> {
        let n = self.first + self.rows.len() as u64;
        if self.places.contains_key(record.action_address()) {
            return None;
        }
        self.places.insert(record.action_address().clone(), n);
        let row = Row::of(n, record, &self.types);
        self.bytes += row.bytes;
        self.rows.push_back(row);
        while self.rows.len() > KEPT || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.rows.pop_front() else { break };
            self.places.remove(&oldest.hash);
            self.bytes -= oldest.bytes;
            self.first += 1;
        }
        self.rows.back()
    }

    /// Remembers which call wrote actions.
    pub(crate) fn written_by(&mut self, call: CallId, actions: &[ActionHash]) {
        for place in actions.iter().filter_map(|hash| self.places.get(hash)) {
            let index = usize::try_from(place - self.first).ok();
            if let Some(row) = index.and_then(|index| self.rows.get_mut(index)) {
                row.call = Some(call);
            }
        }
    }

    pub(crate) fn types(&self) -> &Types {
        &self.types
    }

    /// The row of an action, which tells whose chain it is in, if the action is kept.
    pub(crate) fn row(&self, hash: &ActionHash) -> Option<&Row> {
        let place = self.places.get(hash)?;
        self.rows.get(usize::try_from(place - self.first).ok()?)
    }

    /// The last action of each chain: its sequence number and its time in milliseconds.
    pub(crate) fn heads(&self, dna: &DnaHash) -> HashMap<CellId, (u32, i64)> {
        let rows =
            self.rows.iter().map(|row| (CellId::new(dna.clone(), row.agent.clone()), (row.seq, row.at)));
        rows.collect()
    }

    /// The rows before a position, newest first, in an object that says how many there are; it ends after `limit` rows,
    /// or after a number of bytes.
    pub(crate) fn page(&self, before: Option<u64>, limit: usize) -> String {
        let older = self.rows.iter().rev().filter(|row| before.is_none_or(|before| row.n < before));
        let actions = listed(older.take(limit).map(Row::json));
        let total = self.first + self.rows.len() as u64;
        format!(r#"{{"total":{total},"oldest":{},"actions":{actions}}}"#, self.first)
    }
}

/// How many actions of a DNA are kept, and how many bytes of them.
const KEPT: usize = 50_000;
const KEPT_BYTES: usize = 128 << 20;
