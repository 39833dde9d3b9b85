//! The zomes of one DNA, ready to be called: their modules, and the types that they define.

use std::sync::Arc;

use holochain_state::prelude::WasmStore;
use holochain_types::prelude::{
    DnaDef, DnaDefHashed, DnaError, DnaInfoV1, DnaInfoV2, EntryDef, EntryDefsCallbackResult, ExternIO,
    FunctionName, ZomeDef, ZomeError, ZomeIndex, ZomeInfo, ZomeName,
};
use holochain_types::zome_types::{GlobalZomeTypes, ZomeTypesError};

use crate::budget::Budget;
use crate::decode::decode;
use crate::error::RibosomeError;
use crate::host::EntryDefsHost;
use crate::thread::apart;
use crate::wasm::{Host, Module, ModuleCache};

/// Immutable; an update of the coordinators makes a new one.
#[derive(Debug)]
pub(crate) struct Ribosome {
    dna: DnaDefHashed,
    zomes: Vec<Zome>,
    types: GlobalZomeTypes,
    /// Those of each integrity zome, in order.
    entry_defs: Vec<Vec<EntryDef>>,
}

/// One zome with its code.
#[derive(Debug)]
pub(crate) struct Zome {
    pub(crate) name: ZomeName,
    /// Its place among the integrity zomes, `None` for a coordinator.
    pub(crate) integrity: Option<ZomeIndex>,
    pub(crate) module: Arc<Module>,
    /// The answer of `zome_info`. It cannot change while this exists, and macros request it with every entry.
    info: Option<ZomeInfo>,
}

impl Ribosome {
    /// Loads the code of all zomes and asks them for their types.
    ///
    /// # Errors
    /// Code is missing or is not WASM, or a zome that must name its types cannot be run.
    pub(crate) async fn load(
        dna: DnaDefHashed,
        wasms: &WasmStore,
        budget: Budget,
    ) -> Result<Self, RibosomeError> {
        let mut zomes = Vec::new();
        let integrity = dna.integrity_zomes.len();
        for (position, (name, definition)) in dna.all_zomes().enumerate() {
            let ZomeDef::Wasm(wasm) = definition else {
                return Err(DnaError::from(ZomeError::NonWasmZome(name.clone())).into());
            };
            let hash = &wasm.wasm_hash;
            let module = match ModuleCache::shared().get(hash) {
                Some(module) => module,
                None => {
                    let stored = wasms.as_read().get(hash).await?;
                    let code = stored.ok_or_else(|| RibosomeError::ZomeSourceMissing(name.to_string()))?;
                    let hash = hash.clone();
                    apart(move || ModuleCache::shared().load(hash, &code.into_content().code())).await??
                }
            };
            let index = u8::try_from(position).ok().filter(|_| position < integrity).map(ZomeIndex);
            zomes.push(Zome { name: name.clone(), integrity: index, module, info: None });
        }
        let ribosome = Self { dna, zomes, types: GlobalZomeTypes::default(), entry_defs: Vec::new() };
        apart(move || ribosome.with_types(&budget)).await?
    }

    fn with_types(mut self, budget: &Budget) -> Result<Self, RibosomeError> {
        let (mut counts, mut entry_defs) = (Vec::new(), Vec::new());
        for zome in self.integrity() {
            let count = |name, too_many| -> Result<u8, RibosomeError> {
                let host: Arc<dyn Host> = Arc::new(EntryDefsHost::new(&zome.name, name));
                let count = zome.module.constant(&zome.name.0, host, budget, name)?.unwrap_or_default();
                u8::try_from(count).map_err(|_| RibosomeError::ZomeTypesError(too_many))
            };
            let entries = count(ENTRY_TYPES, ZomeTypesError::EntryTypeIndexOverflow)?;
            counts.push((entries, count(LINK_TYPES, ZomeTypesError::LinkTypeIndexOverflow)?));
            entry_defs.push(entry_defs_of(zome, budget)?);
        }
        self.entry_defs = entry_defs;
        self.types = GlobalZomeTypes::from_ordered_iterator(counts)?;
        let infos = self.zomes.iter().enumerate().map(|(position, zome)| self.describe(position, zome));
        let infos: Vec<ZomeInfo> = infos.collect::<Result<_, _>>()?;
        for (zome, info) in self.zomes.iter_mut().zip(infos) {
            zome.info = Some(info);
        }
        Ok(self)
    }

    fn describe(&self, position: usize, zome: &Zome) -> Result<ZomeInfo, RibosomeError> {
        let scope = self.scope_of(zome)?;
        let defs =
            scope.iter().filter_map(|index| self.entry_defs.get(usize::from(index.0))).flatten().cloned();
        Ok(ZomeInfo {
            name: zome.name.clone(),
            id: ZomeIndex(u8::try_from(position).map_err(|_| ZomeTypesError::ZomeIndexOverflow)?),
            properties: holochain_serialized_bytes::SerializedBytes::default(),
            entry_defs: defs.collect::<Vec<_>>().into(),
            extern_fns: self.functions(zome),
            zome_types: self.types.in_scope_subset(&scope),
        })
    }

    /// The integrity zomes whose types a zome may use: an integrity zome its own, and those it depends on.
    fn scope_of(&self, zome: &Zome) -> Result<Vec<ZomeIndex>, RibosomeError> {
        let definition =
            self.dna.all_zomes().find(|(name, _)| **name == zome.name).map(|(_, definition)| definition);
        let dependencies = definition.map(|definition| definition.dependencies()).unwrap_or_default();
        let index = |name: &ZomeName| {
            let found = self.integrity().find(|zome| zome.name == *name).and_then(|zome| zome.integrity);
            found.ok_or_else(|| ZomeTypesError::MissingDependenciesForZome(zome.name.clone()).into())
        };
        zome.integrity.map(Ok).into_iter().chain(dependencies.iter().map(index)).collect()
    }

    fn functions(&self, zome: &Zome) -> Vec<FunctionName> {
        let mut functions: Vec<FunctionName> = zome.module.exports().map(FunctionName::new).collect();
        functions.sort();
        functions
    }

    /// What zomes are told about their DNA.
    pub(crate) fn dna_info(&self) -> DnaInfoV2 {
        let (name, hash, modifiers) =
            (self.dna.name.clone(), self.dna.hash.clone(), self.dna.modifiers.clone());
        DnaInfoV2 { name, hash, modifiers, zome_names: names(self.integrity()) }
    }

    /// The same, as the first version of it had it.
    pub(crate) fn dna_info_1(&self) -> DnaInfoV1 {
        let DnaInfoV2 { name, hash, modifiers, zome_names } = self.dna_info();
        DnaInfoV1 { name, hash, properties: modifiers.properties, zome_names }
    }

    pub(crate) fn definition(&self) -> &DnaDef {
        &self.dna.content
    }

    pub(crate) fn integrity(&self) -> impl Iterator<Item = &Zome> {
        self.zomes.iter().filter(|zome| zome.integrity.is_some())
    }

    pub(crate) fn coordinators(&self) -> impl Iterator<Item = &Zome> {
        self.zomes.iter().filter(|zome| zome.integrity.is_none())
    }

    pub(crate) fn zomes(&self) -> impl Iterator<Item = &Zome> {
        self.zomes.iter()
    }

    pub(crate) fn zome(&self, name: &ZomeName) -> Option<&Zome> {
        self.zomes.iter().find(|zome| zome.name == *name)
    }

    /// The integrity zome of this index.
    pub(crate) fn integrity_zome(&self, index: ZomeIndex) -> Option<&Zome> {
        self.integrity().find(|zome| zome.integrity == Some(index))
    }

    pub(crate) fn entry_def(&self, zome: ZomeIndex, entry: u8) -> Option<&EntryDef> {
        self.entry_defs.get(usize::from(zome.0))?.get(usize::from(entry))
    }

    pub(crate) fn zome_infos(&self) -> impl Iterator<Item = &ZomeInfo> {
        self.zomes.iter().filter_map(|zome| zome.info.as_ref())
    }

    pub(crate) fn zome_info(&self, zome: &ZomeName) -> Option<&ZomeInfo> {
        self.zome(zome)?.info.as_ref()
    }
}

fn entry_defs_of(zome: &Zome, budget: &Budget) -> Result<Vec<EntryDef>, RibosomeError> {
    if !zome.module.has(ENTRY_DEFS) {
        return Ok(Vec::new());
    }
    let host: Arc<dyn Host> = Arc::new(EntryDefsHost::new(&zome.name, ENTRY_DEFS));
    let output = zome.module.guest(&zome.name.0, host, budget)?.call(ENTRY_DEFS, &ExternIO::encode(())?)?;
    match decode(output.as_bytes())? {
        EntryDefsCallbackResult::Defs(defs) => Ok(defs.0),
    }
}

/// In the order in which callbacks are called: zome after zome.
pub(crate) fn names<'a>(zomes: impl Iterator<Item = &'a Zome>) -> Vec<ZomeName> {
    zomes.map(|zome| zome.name.clone()).collect()
}

const ENTRY_TYPES: &str = "__num_entry_types";
const LINK_TYPES: &str = "__num_link_types";
const ENTRY_DEFS: &str = "entry_defs";
