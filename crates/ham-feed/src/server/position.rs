//! The id of a message.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};

/// The id of a message, `{epoch}-{n}`: the epoch is random for each server created, and `n` counts all its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    epoch: u64,
    n: u64,
}

impl Position {
    /// Before the first message of a new epoch.
    pub(super) fn start() -> Self {
        // The standard library's only source of randomness; all that is needed here is to differ from the last run.
        Self { epoch: RandomState::new().hash_one(std::process::id()), n: 0 }
    }

    /// The position of another message of the same server.
    pub(super) fn at(self, n: u64) -> Self {
        Self { n, ..self }
    }

    /// Which message of its server it is; 0 is before the first.
    #[must_use]
    pub fn number(self) -> u64 {
        self.n
    }

    /// The number in `text`, if it is an id of the server that has come as far as `newest`; `None` for any other text.
    pub(super) fn of(text: &str, newest: Self) -> Option<u64> {
        let (epoch, n) = text.split_once('-')?;
        let read = Self { epoch: u64::from_str_radix(epoch, 16).ok()?, n: n.parse().ok()? };
        // Only what was written here is recognised: `+1` and `0A` are numbers as well.
        (read.to_string() == text && read.epoch == newest.epoch && read.n <= newest.n).then_some(read.n)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.epoch, self.n)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9a-f+-]{0,40}|.*") {
            let _ = Position::of(&text, Position::start());
        }
    }

    #[test]
    fn only_ids_of_the_same_server_are_known_again() {
        let newest = Position::start().at(7);
        assert_eq!(Position::of(&newest.at(7).to_string(), newest), Some(7));
        assert_eq!(Position::of(&newest.at(0).to_string(), newest), Some(0));
        let text = newest.to_string();
        let (epoch, _) = text.split_once('-').expect("two parts");
        for other in [
            newest.at(8).to_string(),
            format!("{epoch}-+7"),
            format!("{epoch}-07"),
            format!("{epoch}-"),
            format!("+{epoch}-7"),
            epoch.to_owned(),
            String::new(),
            "-".to_owned(),
            Position { epoch: !newest.epoch, n: 1 }.to_string(),
        ] {
            assert_eq!(Position::of(&other, newest), None, "{other}");
        }
        assert_ne!(Position::start(), Position::start());
    }
}
