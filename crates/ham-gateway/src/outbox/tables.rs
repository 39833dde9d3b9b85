//! The tables of the outbox's file, and what is written in one transaction.

use redb::{ReadTransaction, ReadableTable as _, Table, TableDefinition, WriteTransaction};

use super::call::{Call, CallId};
use super::error::StoreError;
use super::machine::{Ending, State};

/// Every call, by its number: MessagePack, preceded by the format's number.
pub(super) const CALLS: TableDefinition<u128, &[u8]> = TableDefinition::new("calls");
/// The clients' names: an API key and an idempotency key.
pub(super) const KEYS: TableDefinition<(&str, &str), u128> = TableDefinition::new("keys");
/// The calls that a start has to look at.
pub(super) const OPEN: TableDefinition<u128, ()> = TableDefinition::new("open");
/// Settled calls whose owner has to look at the chain.
pub(super) const DOUBTFUL: TableDefinition<u128, ()> = TableDefinition::new("doubtful");
/// Numbers about the file itself.
const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
/// When settled calls are forgotten.
const EXPIRY: TableDefinition<(i64, u128), ()> = TableDefinition::new("expiry");

/// In [`META`]: the number of the last transaction.
const LAST: &str = "last";

/// The first byte of every value.
const FORMAT: u8 = 1;

/// Most calls that one transaction forgets.
const SWEPT_AT_ONCE: usize = 1_000;

/// The tables, open for writing.
pub(super) struct Tables<'a> {
    calls: Table<'a, u128, &'static [u8]>,
    keys: Table<'a, (&'static str, &'static str), u128>,
    open: Table<'a, u128, ()>,
    doubtful: Table<'a, u128, ()>,
    expiry: Table<'a, (i64, u128), ()>,
    meta: Table<'a, &'static str, u64>,
}

/// How much the file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Calls.
    pub records: u64,
    /// The bytes of their values.
    pub bytes: u64,
}

/// What became of a call that was to be entered.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// It is entered.
    New,
    /// Its key belongs to this call, which is the same request.
    Known(Box<Call>),
    /// Its key belongs to another request.
    OtherRequest,
    /// This many were forgotten.
    Swept(usize),
}

impl<'a> Tables<'a> {
    pub(super) fn open(transaction: &'a WriteTransaction) -> Result<Self, StoreError> {
        Ok(Self {
            calls: transaction.open_table(CALLS)?,
            keys: transaction.open_table(KEYS)?,
            open: transaction.open_table(OPEN)?,
            doubtful: transaction.open_table(DOUBTFUL)?,
            expiry: transaction.open_table(EXPIRY)?,
            meta: transaction.open_table(META)?,
        })
    }

    /// Gives this transaction its number.
    pub(super) fn number(&mut self, number: u64) -> Result<(), StoreError> {
        self.meta.insert(LAST, number)?;
        Ok(())
    }

    /// Enters a call, unless its key already belongs to one.
    pub(super) fn accept(&mut self, call: &Call, held: &mut Held) -> Result<Accepted, StoreError> {
        if let Some(key) = &call.key {
            let known = self.keys.get((call.api_key.as_str(), key.as_str()))?.map(|id| id.value());
            if let Some(known) = known {
                let known = self.read(known)?;
                return Ok(if known.fingerprint == call.fingerprint {
                    Accepted::Known(Box::new(known))
                } else {
                    Accepted::OtherRequest
                });
            }
            self.keys.insert((call.api_key.as_str(), key.as_str()), call.id.number())?;
        }
        self.write(call, held)?;
        Ok(Accepted::New)
    }

    /// Writes a call over its previous state.
    pub(super) fn write(&mut self, call: &Call, held: &mut Held) -> Result<(), StoreError> {
        let value = encoded(call)?;
        let (number, size) = (call.id.number(), value.len() as u64);
        let before = self.calls.insert(number, value.as_slice())?.map(|value| value.value().len() as u64);
        match before {
            Some(before) => held.bytes = held.bytes.saturating_sub(before),
            None => held.records += 1,
        }
        held.bytes += size;
        if call.record.is_settled() {
            self.open.remove(number)?;
            if matches!(call.record.state(), State::Settled(Ending::Unknown | Ending::Arrived)) {
                self.doubtful.insert(number, ())?;
            }
            if let Some(keep_until) = call.keep_until {
                self.expiry.insert((keep_until, number), ())?;
            }
        } else {
            self.open.insert(number, ())?;
        }
        Ok(())
    }

    /// Forgets that a call's key belongs to it: the next request with it is run.
    pub(super) fn release(&mut self, call: &Call) -> Result<(), StoreError> {
        let Some(key) = &call.key else { return Ok(()) };
        let name = (call.api_key.as_str(), key.as_str());
        let is_its_own = self.keys.get(name)?.is_some_and(|id| id.value() == call.id.number());
        if is_its_own {
            self.keys.remove(name)?;
        }
        Ok(())
    }

    /// Forgets calls that are not kept any longer; returns how many.
    pub(super) fn sweep(&mut self, now: i64, held: &mut Held) -> Result<usize, StoreError> {
        let over: Vec<_> = self
            .expiry
            .range(..=(now, u128::MAX))?
            .take(SWEPT_AT_ONCE)
            .map(|row| row.map(|(key, _)| key.value()))
            .collect::<Result<_, _>>()?;
        for (keep_until, number) in &over {
            let call = self.read(*number)?;
            self.release(&call)?;
            if let Some(value) = self.calls.remove(*number)? {
                held.records = held.records.saturating_sub(1);
                held.bytes = held.bytes.saturating_sub(value.value().len() as u64);
            }
            self.doubtful.remove(*number)?;
            self.expiry.remove((*keep_until, *number))?;
        }
        Ok(over.len())
    }

    /// What a start has to know: the calls that are not settled, oldest first, and how much the file holds. Waiting
    /// calls come without their payloads, which may be large together.
    pub(super) fn recover(&self) -> Result<(Vec<Call>, Held), StoreError> {
        let mut held = Held::default();
        for row in self.calls.iter()? {
            held.records += 1;
            held.bytes += row?.1.value().len() as u64;
        }
        let open: Vec<_> =
            self.open.iter()?.map(|row| row.map(|(id, _)| id.value())).collect::<Result<_, _>>()?;
        let mut calls = Vec::with_capacity(open.len());
        for number in open {
            let mut call = self.read(number)?;
            if call.record.state() == State::Queued {
                call.payload = None;
            }
            calls.push(call);
        }
        Ok((calls, held))
    }

    fn read(&self, number: u128) -> Result<Call, StoreError> {
        let value = self.calls.get(number)?.ok_or(StoreError::Missing(CallId::of_number(number)))?;
        decoded(value.value())
    }
}

/// The number of the last transaction in the file.
pub(super) fn last_number(transaction: &ReadTransaction) -> Result<u64, StoreError> {
    Ok(transaction.open_table(META)?.get(LAST)?.map_or(0, |number| number.value()))
}

fn encoded(call: &Call) -> Result<Vec<u8>, StoreError> {
    let mut value = vec![FORMAT];
    rmp_serde::encode::write_named(&mut value, call)
        .map_err(|error| StoreError::Encode(error.to_string()))?;
    Ok(value)
}

/// From our own file, which is nested no deeper than `Call`.
pub(super) fn decoded(value: &[u8]) -> Result<Call, StoreError> {
    match value.split_first() {
        Some((&FORMAT, call)) => {
            rmp_serde::from_slice(call).map_err(|error| StoreError::Decode(error.to_string()))
        }
        Some((format, _)) => Err(StoreError::Format(*format)),
        None => Err(StoreError::Decode("it is empty".into())),
    }
}
