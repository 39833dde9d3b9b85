//! Reading: the store of the DNA, which all agents of this conductor share, plus what the call has staged.

use holo_hash::{ActionHash, AgentPubKey, AnyDhtHash, AnyDhtHashPrimitive};
use holochain_state::DhtStoreRead;
use holochain_state::dht_store::GetAgentActivityOptions;
use holochain_state::prelude::SyncScratch;
use holochain_state::query::link::GetLinksFilter;
use holochain_types::prelude::{
    ActivityRequest, AgentActivityStatus, ChainQueryFilter, Details, ENTRY_SIZE_LIMIT, Entry,
    GetAgentActivityInput, GetInput, GetLinksInput, GetValidationReceiptsInput, Link, LinkDetails, LinkQuery,
    LinkTag, LinkTypeFilter, Record, RecordDetails, RecordEntry, ValidationReceiptSet,
};

use super::context::CallContext;
use super::refusal::{Answer, host};
use crate::budget::Held;
use crate::wasm::exceeded;

/// Where a call reads from.
pub(super) struct Source {
    pub(super) store: DhtStoreRead,
    pub(super) scratch: SyncScratch,
    /// The agent whose private entries are visible.
    pub(super) author: AgentPubKey,
}

impl CallContext {
    pub(super) fn source(&self) -> Answer<Source> {
        let workspace = self.access.workspace().ok_or_else(|| host("there is no chain yet"))?;
        let stores = workspace.stores();
        let (Some(store), Some(scratch), Some(author)) =
            (stores.dht_store, stores.scratch, workspace.author())
        else {
            return Err(host("there is no chain here"));
        };
        Ok(Source { store: store.as_read(), scratch, author: author.as_ref().clone() })
    }

    pub(super) fn live_record(&self, action: &ActionHash) -> Answer<Option<Record>> {
        let Source { store, scratch, author } = self.source()?;
        self.wait(store.get_live_record_with_scratch(action, Some(&author), &scratch)).map_err(host)
    }

    pub(super) fn record_details(&self, action: &ActionHash) -> Answer<Option<RecordDetails>> {
        let Source { store, scratch, author } = self.source()?;
        self.wait(store.get_record_details_with_scratch(action, Some(&author), &scratch)).map_err(host)
    }

    pub(super) fn get(&self, inputs: Vec<GetInput>) -> Answer<Vec<Option<Record>>> {
        let Source { store, scratch, author } = self.source()?;
        let get = |hash: AnyDhtHash| match hash.into_primitive() {
            AnyDhtHashPrimitive::Action(hash) => {
                self.wait(store.get_live_record_with_scratch(&hash, Some(&author), &scratch))
            }
            AnyDhtHashPrimitive::Entry(hash) => {
                self.wait(store.get_live_entry_with_scratch(&hash, Some(&author), &scratch))
            }
        };
        self.each(
            inputs,
            |input| get(input.any_dht_hash).map_err(host),
            |record| record.as_ref().map_or(0, weight),
        )
    }

    pub(super) fn get_details(&self, inputs: Vec<GetInput>) -> Answer<Vec<Option<Details>>> {
        let Source { store, scratch, author } = self.source()?;
        let get = |hash: AnyDhtHash| match hash.into_primitive() {
            AnyDhtHashPrimitive::Action(hash) => self
                .wait(store.get_record_details_with_scratch(&hash, Some(&author), &scratch))
                .map(|details| details.map(Details::Record)),
            AnyDhtHashPrimitive::Entry(hash) => self
                .wait(store.get_entry_details_with_scratch(&hash, Some(&author), &scratch))
                .map(|details| details.map(Details::Entry)),
        };
        let details = |details: &Option<Details>| match details {
            Some(Details::Record(of)) => weight(&of.record) + (of.updates.len() + of.deletes.len()) * ACTION,
            Some(Details::Entry(of)) => {
                bytes(&of.entry) + (of.actions.len() + of.updates.len() + of.deletes.len()) * ACTION
            }
            None => 0,
        };
        self.each(inputs, |input| get(input.any_dht_hash).map_err(host), details)
    }

    pub(super) fn get_links(&self, inputs: Vec<GetLinksInput>) -> Answer<Vec<Vec<Link>>> {
        let Source { store, scratch, .. } = self.source()?;
        let links = |input: GetLinksInput| {
            let filter = GetLinksFilter { after: input.after, before: input.before, author: input.author };
            let tag = input.tag_prefix.as_ref();
            self.wait(store.get_links_with_scratch(
                &input.base_address,
                &input.link_type,
                tag,
                &filter,
                &scratch,
            ))
        };
        let weights = |links: &Vec<Link>| links.iter().map(|link| ACTION + link.tag.0.len()).sum();
        self.each(inputs, |input| links(input).map_err(host), weights)
    }

    pub(super) fn count_links(&self, query: LinkQuery) -> Answer<usize> {
        let input = GetLinksInput {
            base_address: query.base,
            link_type: query.link_type,
            get_options: Default::default(),
            tag_prefix: query.tag_prefix,
            after: query.after,
            before: query.before,
            author: query.author,
        };
        Ok(self.get_links(vec![input])?.iter().map(Vec::len).sum())
    }

    pub(super) fn get_links_details(&self, inputs: Vec<GetLinksInput>) -> Answer<Vec<LinkDetails>> {
        let Source { store, scratch, .. } = self.source()?;
        let details = |base: &holo_hash::AnyLinkableHash, types: &LinkTypeFilter, tag: Option<&LinkTag>| {
            self.wait(store.get_link_details_with_scratch(base, types, tag, &scratch)).map(LinkDetails::from)
        };
        let details =
            |input: GetLinksInput| details(&input.base_address, &input.link_type, input.tag_prefix.as_ref());
        self.each(inputs, |input| details(input).map_err(host), |_| ACTION)
    }

    /// Upstream's function reads all entries of the chain at once. It is used if they fit into the memory of the call even at their
    /// largest; otherwise the requested ones are read one after the other.
    pub(super) fn query(&self, filter: ChainQueryFilter) -> Answer<Vec<Record>> {
        let chain = self.cell()?.workspace.source_chain();
        let query = |filter| self.wait(chain.query(filter)).map_err(host);
        let length = chain.chain_head().map_err(host)?.map_or(0, |head| head.seq as usize + 1);
        let mut held = Held::of(&self.budget);
        held.more(length * ACTION).map_err(exceeded)?;
        if !filter.include_entries || held.try_more(length * ENTRY_SIZE_LIMIT) {
            return query(filter);
        }
        let records = query(filter.include_entries(false))?;
        let Source { store, scratch, author } = self.source()?;
        let entry = |record: &Record| match record.action().entry_hash() {
            Some(hash) => {
                self.wait(store.retrieve_entry_with_scratch(hash, Some(&author), &scratch)).map_err(host)
            }
            None => Ok(None),
        };
        let with_entry = |record: Record| {
            let entry = RecordEntry::new(record.action().entry_visibility(), entry(&record)?);
            Ok(Record::new(record.into_inner().0, entry))
        };
        self.each(records, with_entry, weight)
    }

    pub(super) fn get_agent_activity(&self, input: GetAgentActivityInput) -> Answer<AgentActivityStatus> {
        let Source { store, scratch, .. } = self.source()?;
        let full = matches!(input.activity_request, ActivityRequest::Full);
        let options = GetAgentActivityOptions {
            include_valid_activity: full,
            include_rejected_activity: full,
            ..GetAgentActivityOptions::default()
        };
        let (agent, filter) = (&input.agent_pubkey, &input.chain_query_filter);
        let _held = self.hold_activity(&store, agent)?;
        let activity = store.get_agent_activity_with_scratch(agent, filter, &options, &scratch);
        self.wait(activity).map(Into::into).map_err(host)
    }

    /// Reserves the memory that the actions of a chain take: upstream reads all of them, whatever is requested.
    pub(super) fn hold_activity(&self, store: &DhtStoreRead, agent: &AgentPubKey) -> Answer<Held> {
        let mut held = Held::of(&self.budget);
        let head = self.wait(store.chain_head_for_author(agent)).map_err(host)?;
        held.more(head.map_or(0, |head| head.seq as usize + 1) * ACTION).map_err(exceeded)?;
        Ok(held)
    }

    /// The answers to a list, as long as they fit into the memory of the call.
    fn each<I, O>(
        &self,
        inputs: Vec<I>,
        read: impl Fn(I) -> Answer<O>,
        weight: impl Fn(&O) -> usize,
    ) -> Answer<Vec<O>> {
        let mut held = Held::of(&self.budget);
        let mut answers = Vec::new();
        for input in inputs {
            self.budget.check().map_err(exceeded)?;
            let answer = read(input)?;
            held.more(weight(&answer)).map_err(exceeded)?;
            answers.push(answer);
        }
        Ok(answers)
    }

    /// Nobody else validates here, so there are none; the store agrees.
    pub(super) fn get_validation_receipts(
        &self,
        input: GetValidationReceiptsInput,
    ) -> Answer<Vec<ValidationReceiptSet>> {
        let Source { store, .. } = self.source()?;
        self.wait(store.validation_receipts_for_action(input.action_hash)).map_err(host)
    }
}

/// Roughly the bytes of a record.
fn weight(record: &Record) -> usize {
    ACTION + record.entry().as_option().map_or(0, bytes)
}

fn bytes(entry: &Entry) -> usize {
    match entry {
        Entry::App(bytes) | Entry::CounterSign(_, bytes) => bytes.bytes().len(),
        Entry::CapClaim(claim) => ACTION + claim.tag.len(),
        Entry::CapGrant(grant) => ACTION + grant.tag.len(),
        _ => ACTION,
    }
}

/// Roughly the bytes of an action.
const ACTION: usize = 512;
