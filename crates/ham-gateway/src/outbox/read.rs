//! What is read from the outbox's file, concurrently with its writer.

use std::ops::Bound;

use redb::ReadTransaction;

use super::call::{Call, CallId};
use super::error::StoreError;
use super::tables::{CALLS, DOUBTFUL, KEYS, OPEN, decoded};

/// Which calls are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// Those that are not settled.
    #[default]
    Open,
    /// Settled calls whose owner has to look at the chain: unknown, or arrived and not answered.
    Doubtful,
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Calls accepted last come first.
    #[default]
    Newest,
    /// Calls accepted first come first.
    Oldest,
}

/// A part of a list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Page {
    /// Which calls.
    pub which: Which,
    /// In which order.
    pub order: Order,
    /// At most this many.
    pub limit: usize,
    /// Behind this one.
    pub after: Option<CallId>,
}

/// A call by its id.
pub(super) fn get(transaction: &ReadTransaction, id: CallId) -> Result<Option<Call>, StoreError> {
    let calls = transaction.open_table(CALLS)?;
    calls.get(id.number())?.map(|value| decoded(value.value())).transpose()
}

/// A call by its owner's name for it.
pub(super) fn find(
    transaction: &ReadTransaction,
    api_key: &str,
    key: &str,
) -> Result<Option<Call>, StoreError> {
    let id = transaction.open_table(KEYS)?.get((api_key, key))?.map(|id| id.value());
    id.map_or(Ok(None), |id| get(transaction, CallId::of_number(id)))
}

/// Calls of one owner, or of all.
pub(super) fn list(
    transaction: &ReadTransaction,
    page: Page,
    owner: Option<&str>,
) -> Result<Vec<Call>, StoreError> {
    let ids = transaction.open_table(match page.which {
        Which::Open => OPEN,
        Which::Doubtful => DOUBTFUL,
    })?;
    let after = page.after.map_or(Bound::Unbounded, |id| Bound::Excluded(id.number()));
    let range = match page.order {
        Order::Newest => ids.range::<u128>((Bound::Unbounded, after))?,
        Order::Oldest => ids.range::<u128>((after, Bound::Unbounded))?,
    };
    let rows: Box<dyn Iterator<Item = _>> = match page.order {
        Order::Newest => Box::new(range.rev()),
        Order::Oldest => Box::new(range),
    };
    let mut calls = Vec::new();
    for row in rows {
        if calls.len() == page.limit {
            break;
        }
        let id = CallId::of_number(row?.0.value());
        calls.extend(get(transaction, id)?.filter(|call| owner.is_none_or(|owner| owner == call.api_key)));
    }
    Ok(calls)
}
