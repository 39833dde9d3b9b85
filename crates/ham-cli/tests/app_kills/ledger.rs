//! What has to be there: what was asked for and acknowledged.

use std::collections::BTreeMap;

/// What is known of things that have names, by what was acknowledged. Each is asked for by one task at a time.
#[derive(Debug, Default)]
pub(crate) struct Ledger(BTreeMap<String, Option<Fate>>);

/// What became of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    On,
    Off,
    Gone,
}

impl Ledger {
    /// A request is under way that may change it, and may not.
    pub(crate) fn asked(&mut self, name: &str) {
        self.0.insert(name.to_owned(), None);
    }

    pub(crate) fn answered(&mut self, name: &str, fate: Fate) {
        self.0.insert(name.to_owned(), Some(fate));
    }

    /// Those of a fate.
    pub(crate) fn all(&self, wanted: Fate) -> Vec<String> {
        let of = self.0.iter().filter(|(_, fate)| **fate == Some(wanted));
        of.map(|(name, _)| name.clone()).collect()
    }

    /// Compares it with what is there, and takes over what was not known.
    ///
    /// # Errors
    /// What is there was never asked for, or another fate was acknowledged.
    pub(crate) fn compare(&mut self, there: &BTreeMap<String, Fate>) -> Result<(), String> {
        if let Some(name) = there.keys().find(|name| !self.0.contains_key(*name)) {
            return Err(format!("{name} is there, and nobody asked for it"));
        }
        for (name, known) in &mut self.0 {
            let found = there.get(name).copied().unwrap_or(Fate::Gone);
            if known.is_some_and(|known| known != found) {
                return Err(format!("{name} was {known:?}, and is {found:?}"));
            }
            *known = Some(found);
        }
        Ok(())
    }
}

/// What may have been written to one chain.
#[derive(Debug, Default)]
pub(crate) struct Written(BTreeMap<String, bool>);

impl Written {
    pub(crate) fn asked(&mut self, id: &str) {
        self.0.insert(id.to_owned(), false);
    }

    pub(crate) fn answered(&mut self, id: &str) {
        self.0.insert(id.to_owned(), true);
    }

    /// # Errors
    /// One that was acknowledged is not there, one is there twice, or one that nobody wrote is.
    pub(crate) fn compare(&mut self, there: &[String]) -> Result<(), String> {
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for id in there {
            *found.entry(id).or_default() += 1;
        }
        if let Some((id, times)) = found.iter().find(|(id, times)| **times > 1 || !self.0.contains_key(**id))
        {
            return Err(format!("{id} is there {times} times"));
        }
        for (id, acknowledged) in &mut self.0 {
            let is_there = found.contains_key(id.as_str());
            if *acknowledged && !is_there {
                return Err(format!("{id} was acknowledged, and is not there"));
            }
            *acknowledged |= is_there;
        }
        self.0.retain(|_, acknowledged| *acknowledged);
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
