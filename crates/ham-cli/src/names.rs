//! The names of the types that a cell writes.

use ham::Admin;
use ham::holochain_client::CellId;
use holochain_zome_types::prelude::{EntryDefId, ZomeInfo};

use crate::failure::Failure;
use crate::settings::Settings;
use crate::{definition, infos};

/// Integrity zomes in the order in which actions refer to them, and their entry types as far as they are known.
#[derive(Debug)]
pub(crate) struct Names(Vec<(String, Vec<String>)>);

impl Names {
    /// Asks the conductor.
    ///
    /// # Errors
    /// It does not report its zomes. If it only does not report their types, that is not an error: they are shown as
    /// numbers then.
    ///
    /// # Cancel safety
    /// Cancel-safe: it only reads.
    pub(crate) async fn of(admin: &Admin, settings: &Settings, cell: &CellId) -> Result<Self, Failure> {
        let zomes = definition::integrity_zomes(admin, cell).await?;
        let infos = infos::of(settings, cell).await.ok().flatten().unwrap_or_default();
        Ok(Self::from_infos(zomes, &infos))
    }

    fn from_infos(zomes: Vec<String>, infos: &[ZomeInfo]) -> Self {
        let of = |zome: String| {
            let info = infos.iter().find(|info| info.name.0 == *zome);
            let entries = info.into_iter().flat_map(|info| &info.entry_defs.0);
            let entries = entries.map(|entry| match &entry.id {
                EntryDefId::App(name) => name.to_string(),
                other => format!("{other:?}"),
            });
            let entries = entries.collect();
            (zome, entries)
        };
        Self(zomes.into_iter().map(of).collect())
    }

    /// The integrity zome with an index.
    pub(crate) fn zome(&self, index: u64) -> Option<&str> {
        self.0.get(usize::try_from(index).ok()?).map(|(zome, _)| zome.as_str())
    }

    /// An entry type: its name, with its zome if another zome has that name too; `zome#0` if it is not known.
    pub(crate) fn entry(&self, zome: u64, index: u64) -> String {
        let Some(name) = self.entry_alone(zome, index) else { return self.numbered(zome, index) };
        let having = self.0.iter().filter(|(_, entries)| entries.iter().any(|entry| entry == name)).count();
        match self.zome(zome) {
            Some(zome) if having > 1 => format!("{name} ({zome})"),
            _ => name.to_owned(),
        }
    }

    /// The name of an entry type without its zome; `None` if it is not known.
    pub(crate) fn entry_alone(&self, zome: u64, index: u64) -> Option<&str> {
        let (_, entries) = self.0.get(usize::try_from(zome).ok()?)?;
        entries.get(usize::try_from(index).ok()?).map(String::as_str)
    }

    /// A type without a name, such as a link type.
    pub(crate) fn numbered(&self, zome: u64, index: u64) -> String {
        format!("{}#{index}", self.zome(zome).unwrap_or("?"))
    }
}

#[cfg(test)]
impl From<&[(&str, &[&str])]> for Names {
    fn from(zomes: &[(&str, &[&str])]) -> Self {
        let owned = |entries: &[&str]| entries.iter().map(|entry| (*entry).to_owned()).collect();
        Self(zomes.iter().map(|(zome, entries)| ((*zome).to_owned(), owned(entries))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_a_number_and_what_two_zomes_have_says_which() {
        let zomes: &[(&str, &[&str])] = &[("forum", &["post", "note"]), ("twin", &["note"]), ("dark", &[])];
        let names = Names::from(zomes);
        let entry = |zome, index| names.entry(zome, index);
        assert_eq!([entry(0, 0), entry(0, 1), entry(1, 0)], ["post", "note (forum)", "note (twin)"]);
        assert_eq!([entry(2, 0), entry(0, 2), entry(9, 1)], ["dark#0", "forum#2", "?#1"]);
    }
}
