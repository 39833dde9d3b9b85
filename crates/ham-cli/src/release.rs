//! `--release`: which release of `holochain` is meant.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use ham_launcher::Release;

/// Reads a release that the launcher knows, by its version or its short form.
pub(crate) fn parser() -> impl TypedValueParser<Value = Release> {
    let values = Release::ALL.map(|release| {
        let value = PossibleValue::new(release.version());
        match release.short() {
            Some(short) => value.alias(short),
            None => value,
        }
    });
    PossibleValuesParser::new(values).try_map(|text| text.parse::<Release>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Command {
        #[arg(long, default_value_t, value_parser = parser())]
        release: Release,
    }

    #[test]
    fn a_release_is_read_and_an_unknown_one_is_answered_with_those_that_are_known() {
        let read = |words: &[&str]| {
            let words = std::iter::once("ham").chain(words.iter().copied());
            <Command as clap::Parser>::try_parse_from(words).map(|command| command.release)
        };
        assert_eq!(read(&[]).unwrap(), Release::V0_7_1);
        assert_eq!(read(&["--release", "0.7.0"]).unwrap(), Release::V0_7_0);
        assert_eq!(read(&["--release", "0.6"]).unwrap(), Release::V0_6_3);
        let unknown = read(&["--release", "0.5"]).unwrap_err().to_string();
        assert!(unknown.contains("0.6.3, 0.7.0, 0.7.1, 0.8.0-dev.14"), "{unknown}");
    }
}
