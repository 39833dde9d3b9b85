//! Writing: everything is staged in the chain's scratch space, and committed with the call or not at all.

use holo_hash::{ActionHash, EntryHash};
use holochain_types::prelude::{
    ActionData, AppEntryDef, ChainTopOrdering, CloseChainData, CloseChainInput, CreateData, CreateInput,
    CreateLinkData, CreateLinkInput, DeleteData, DeleteInput, DeleteLinkData, DeleteLinkInput, Entry,
    EntryDefLocation, EntryType, OpenChainData, OpenChainInput, ScheduledFn, UpdateData, UpdateInput,
};

use super::context::CallContext;
use super::refusal::{Answer, host};
use crate::error::RibosomeError;

impl CallContext {
    fn put(&self, data: ActionData, entry: Option<Entry>, ordering: ChainTopOrdering) -> Answer<ActionHash> {
        let chain = self.cell()?.workspace.source_chain();
        self.wait(chain.put(data, entry, ordering)).map_err(host)
    }

    pub(super) fn create(&self, input: CreateInput) -> Answer<ActionHash> {
        refuse_countersigning(&input.entry)?;
        let entry_type = match input.entry_location {
            EntryDefLocation::App(place) => EntryType::App(AppEntryDef::new(
                place.entry_def_index,
                place.zome_index,
                input.entry_visibility,
            )),
            EntryDefLocation::CapGrant => EntryType::CapGrant,
            EntryDefLocation::CapClaim => EntryType::CapClaim,
        };
        let data = CreateData { entry_type, entry_hash: EntryHash::with_data_sync(&input.entry) };
        self.put(ActionData::Create(data), Some(input.entry), input.chain_top_ordering)
    }

    pub(super) fn update(&self, input: UpdateInput) -> Answer<ActionHash> {
        refuse_countersigning(&input.entry)?;
        let (original_entry_address, entry_type) = self.entry_of(&input.original_action_address)?;
        let data = UpdateData {
            original_action_address: input.original_action_address,
            original_entry_address,
            entry_type,
            entry_hash: EntryHash::with_data_sync(&input.entry),
        };
        self.put(ActionData::Update(data), Some(input.entry), input.chain_top_ordering)
    }

    pub(super) fn delete(&self, input: DeleteInput) -> Answer<ActionHash> {
        let (deletes_entry_address, _) = self.entry_of(&input.deletes_action_hash)?;
        let data = DeleteData { deletes_address: input.deletes_action_hash, deletes_entry_address };
        self.put(ActionData::Delete(data), None, input.chain_top_ordering)
    }

    pub(super) fn create_link(&self, input: CreateLinkInput) -> Answer<ActionHash> {
        let data = CreateLinkData {
            base_address: input.base_address,
            target_address: input.target_address,
            zome_index: input.zome_index,
            link_type: input.link_type,
            tag: input.tag,
        };
        self.put(ActionData::CreateLink(data), None, input.chain_top_ordering)
    }

    pub(super) fn delete_link(&self, input: DeleteLinkInput) -> Answer<ActionHash> {
        let record = self.live_record(&input.address)?;
        let Some(ActionData::CreateLink(link)) = record.map(|record| record.action().data.clone()) else {
            return Err(host(RibosomeError::RecordDeps(input.address.into())));
        };
        let data = DeleteLinkData { base_address: link.base_address, link_add_address: input.address };
        self.put(ActionData::DeleteLink(data), None, input.chain_top_ordering)
    }

    pub(super) fn close_chain(&self, input: CloseChainInput) -> Answer<ActionHash> {
        let data = CloseChainData { new_target: input.new_target };
        self.put(ActionData::CloseChain(data), None, ChainTopOrdering::Strict)
    }

    pub(super) fn open_chain(&self, input: OpenChainInput) -> Answer<ActionHash> {
        let data = OpenChainData { prev_target: input.prev_target, close_hash: input.close_hash };
        self.put(ActionData::OpenChain(data), None, ChainTopOrdering::Strict)
    }

    pub(super) fn schedule(&self, function: String) -> Answer<()> {
        let scheduled = ScheduledFn::new(self.zome.clone(), function.into());
        let scratch = self.cell()?.workspace.source_chain().scratch();
        scratch.apply(|scratch| scratch.add_scheduled_fn(scheduled)).map_err(host)
    }

    /// Entry and type of the action that is to be replaced or deleted.
    fn entry_of(&self, action: &ActionHash) -> Answer<(EntryHash, EntryType)> {
        let details = self.record_details(action)?;
        let data = details.and_then(|details| details.record.action().clone().into_entry_data());
        data.ok_or_else(|| host(RibosomeError::RecordDeps(action.clone().into())))
    }
}

/// Countersigning is unstable upstream, and its sessions need witnesses, which do not exist on one machine.
fn refuse_countersigning(entry: &Entry) -> Answer<()> {
    match entry {
        Entry::CounterSign(..) => Err(host("countersigning is not available on an embedded conductor")),
        _ => Ok(()),
    }
}
