//! A cell's source chain as the admin interface dumps it: whether it is closed, and which of ham's grants it holds.
//!
//! Read before granting: an agent that writes after `CloseChain` gets warranted.

use std::collections::HashSet;

use ham_session::{LinkEnd, RequestError};
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::ActionHash;

use super::client::Admin;
use super::dump::{self, Record};
use crate::error::AdminError;
use crate::wire::BadAnswer;

/// The chain of one cell.
pub(crate) struct Chain<'a> {
    admin: &'a Admin,
    cell: &'a CellId,
}

/// What a chain says about a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OnChain {
    /// It is there and in force, written by this action.
    Valid(Option<ActionHash>),
    /// It was there and has been revoked.
    Revoked,
    /// It is not there, or cannot be read.
    Absent,
}

/// What one request returns of a chain.
enum Page {
    Records(Vec<Record>),
    /// It holds an entry that the conductor cannot read, so the conductor returns none of it.
    Unreadable,
}

impl<'a> Chain<'a> {
    pub(crate) fn of(admin: &'a Admin, cell: &'a CellId) -> Self {
        Self { admin, cell }
    }

    /// Whether the last action of the chain is `CloseChain`.
    ///
    /// A release that pages always starts at the beginning of the chain, so the head of a longer chain is found by galloping and
    /// bisection: about 2·log2(length) small requests. A release that does not page returns the whole chain in one request.
    pub(crate) async fn is_closed(&self) -> Result<bool, AdminError> {
        // Short chains end with the first page, which is small: it begins with the genesis records.
        if let Page::Records(records) = self.page(None, LOOK).await?
            && (records.len() < LOOK as usize || !self.admin.dialect().await?.pages_chains)
        {
            return Ok(records.last().is_some_and(|record| record.closes));
        }
        let mut looks = Looks::default();
        let (mut closes, mut low, mut step) = (None, 0_u32, LOOK);
        let mut high = loop {
            let probe = low.saturating_add(step);
            match looks.at(self, probe).await? {
                Some(last) => (closes, low, step) = (Some(last), probe, step.saturating_mul(2)),
                None => break probe,
            }
            if low == u32::MAX {
                return Ok(closes.unwrap_or_default());
            }
        };
        // Invariant: a record follows `low`, unless `low` is 0; none follows `high`.
        while high - low > 1 {
            let probe = low + (high - low) / 2;
            match looks.at(self, probe).await? {
                Some(last) => (closes, low) = (Some(last), probe),
                None => high = probe,
            }
        }
        match closes {
            Some(closes) => Ok(closes),
            None => Ok(looks.at(self, 0).await?.unwrap_or_default()),
        }
    }

    /// What the chain says about the grant with this tag (written by the action `written`, if known), and whether the chain holds
    /// entries that the conductor cannot read. Reads the chain from start to end.
    pub(crate) async fn grant(
        &self,
        tag: &str,
        written: Option<&ActionHash>,
    ) -> Result<(OnChain, bool), AdminError> {
        let mut grants = Vec::new();
        let mut deleted = HashSet::new();
        let mut unreadable_in_a_row = 0;
        let mut outdated = false;
        let (mut after, mut limit) = (None, PAGE);
        loop {
            // Sequence numbers begin at 0 and have no holes.
            let next = |by: u32| Some(after.map_or(by - 1, |after: u32| after.saturating_add(by)));
            let records = match self.page(after, limit).await? {
                Page::Unreadable if limit > 1 => {
                    limit /= 2;
                    continue;
                }
                Page::Unreadable => {
                    (outdated, unreadable_in_a_row) = (true, unreadable_in_a_row + 1);
                    if unreadable_in_a_row > MAX_UNREADABLE {
                        return Err(bad(BadAnswer::Undecodable(format!(
                            "more than {MAX_UNREADABLE} records in a row that the conductor cannot read"
                        ))));
                    }
                    after = next(1);
                    continue;
                }
                Page::Records(records) => records,
            };
            unreadable_in_a_row = 0;
            let count = u32::try_from(records.len()).unwrap_or(u32::MAX);
            for record in records {
                deleted.extend(record.deletes);
                if record.tag.as_deref() == Some(tag) {
                    grants.push(record.address);
                }
            }
            if count < limit || !self.admin.dialect().await?.pages_chains {
                break;
            }
            (after, limit) = (next(count), limit.saturating_mul(2).min(PAGE));
        }
        let in_force = grants.iter().find(|address| !deleted.contains(*address));
        let on_chain = match in_force {
            Some(address) => OnChain::Valid(ActionHash::try_from_raw_39(address.clone()).ok()),
            None if !grants.is_empty() => OnChain::Revoked,
            None if written.is_some_and(|hash| deleted.contains(hash.get_raw_39())) => OnChain::Revoked,
            None => OnChain::Absent,
        };
        Ok((on_chain, outdated))
    }

    /// At most `limit` records after a sequence number; all of them if the release does not page.
    async fn page(&self, after: Option<u32>, limit: u32) -> Result<Page, AdminError> {
        let dialect = self.admin.dialect().await?;
        let dumped = match dialect.pages_chains {
            true => self.admin.dump_state(self.cell, after, Some(limit)).await,
            false => self.admin.dump_state(self.cell, None, None).await,
        };
        let dump = match dumped {
            Ok(dump) => dump,
            Err(AdminError::Answer { source: BadAnswer::Refused(refusal), .. })
                if dialect.pages_chains && refusal.is_unreadable_entry() =>
            {
                return Ok(Page::Unreadable);
            }
            Err(error) => return Err(too_large(error)),
        };
        dump::read(&dump, dialect, after, limit).map(Page::Records).map_err(bad)
    }
}

/// Looks at single records in search of the last one.
#[derive(Default)]
struct Looks {
    unreadable: u32,
}

impl Looks {
    /// Whether the first record after a sequence number closes the chain; `None` if no record follows.
    async fn at(&mut self, chain: &Chain<'_>, after: u32) -> Result<Option<bool>, AdminError> {
        match chain.page(Some(after), 1).await? {
            Page::Records(records) => Ok(records.first().map(|record| record.closes)),
            // `CloseChain` has no entry, so nothing of it can be unreadable.
            Page::Unreadable if self.unreadable < MAX_UNREADABLE_LOOKS => {
                self.unreadable += 1;
                Ok(Some(false))
            }
            Page::Unreadable => Err(bad(BadAnswer::Undecodable(format!(
                "more than {MAX_UNREADABLE_LOOKS} records that the conductor cannot read"
            )))),
        }
    }
}

/// How many single records a conductor may fail to read before its chain counts as unreadable.
const MAX_UNREADABLE_LOOKS: u32 = 4;
/// Records in the first look: the genesis records, which are small, and the one after them.
const LOOK: u32 = 4;
/// Records per request.
const PAGE: u32 = 256;
/// How many records in a row a conductor may fail to read. More than that cannot be grants of an earlier release.
const MAX_UNREADABLE: u32 = 256;

/// An answer larger than a message would be just as large the next time.
fn too_large(error: AdminError) -> AdminError {
    match &error {
        AdminError::Lost { source: RequestError::LinkLost { end, .. }, .. } => match &**end {
            LinkEnd::TooLarge { size, limit } => bad(BadAnswer::Undecodable(format!(
                "the chain is {size} bytes, of which {limit} can be read"
            ))),
            _ => error,
        },
        _ => error,
    }
}

fn bad(source: BadAnswer) -> AdminError {
    AdminError::Answer { request: "dump_state", source }
}
