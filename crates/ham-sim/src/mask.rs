//! Which elements of a life are left out.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Which elements of a life are left out, by their numbers in the whole life. Written `3,7-9`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mask {
    out: BTreeSet<usize>,
}

impl Mask {
    /// Leaves nothing out.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether an element stays.
    #[must_use]
    pub fn keeps(&self, element: usize) -> bool {
        !self.out.contains(&element)
    }

    /// Whether every element stays.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// This mask, with these elements left out as well.
    #[must_use]
    pub fn with(&self, elements: impl IntoIterator<Item = usize>) -> Self {
        let mut out = self.out.clone();
        out.extend(elements);
        Self { out }
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for &element in &self.out {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == element => *last = element,
                _ => runs.push((element, element)),
            }
        }
        for (index, (first, last)) in runs.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            if first == last {
                write!(f, "{comma}{first}")?;
            } else {
                write!(f, "{comma}{first}-{last}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Mask {
    type Err = MaskError;

    fn from_str(text: &str) -> Result<Self, MaskError> {
        let mut out = BTreeSet::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let wrong = || MaskError { part: part.to_owned() };
            let number = |text: &str| text.trim().parse::<usize>().map_err(|_| wrong());
            let (first, last) = match part.split_once('-') {
                Some((first, last)) => (number(first)?, number(last)?),
                None => (number(part)?, number(part)?),
            };
            if first > last || last - first > MOST {
                return Err(wrong());
            }
            out.extend(first..=last);
        }
        Ok(Self { out })
    }
}

/// A text that cannot be read as a mask.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part:?} is neither a number nor a range like 7-9")]
pub struct MaskError {
    part: String,
}

/// No life has more elements.
const MOST: usize = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_is_read_as_it_is_written() {
        let mask: Mask = "3,7-9".parse().expect("a mask");
        assert_eq!(mask, Mask::none().with([3, 7, 8, 9]));
        assert_eq!(mask.to_string(), "3,7-9");
        assert!(mask.keeps(4) && !mask.keeps(8));
        assert_eq!("".parse(), Ok(Mask::none()));
    }

    #[test]
    fn what_is_no_mask_is_refused() {
        for text in ["x", "3-", "9-7", "0-99999999999", "-1"] {
            assert!(text.parse::<Mask>().is_err(), "{text}");
        }
    }
}
