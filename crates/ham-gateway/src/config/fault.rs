//! What is wrong with a configuration.

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {why}")]
pub struct Fault {
    /// The key in the file.
    pub key: &'static str,
    /// What is wrong, and what would be right.
    pub why: String,
}

impl Fault {
    /// `why` may repeat what the configuration says, so it is masked.
    pub(crate) fn new(key: &'static str, why: &str) -> Self {
        Self { key, why: ham::masked(why) }
    }

    /// `why` is about a file and contains its path in the form that may be shown: whole, if it leads somewhere.
    pub(crate) fn of_file(key: &'static str, why: String) -> Self {
        Self { key, why }
    }
}

/// What was found to be wrong so far.
#[derive(Default)]
pub(super) struct Faults {
    pub(super) all: Vec<Fault>,
}

impl Faults {
    pub(super) fn unless(&mut self, right: bool, key: &'static str, why: &str) {
        if !right {
            self.add(key, why);
        }
    }

    pub(super) fn add(&mut self, key: &'static str, why: &str) {
        self.all.push(Fault::new(key, why));
    }
}
