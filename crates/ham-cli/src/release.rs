//! `--release`: which release of `holochain` is meant. Releases that can be run and releases that the embedded
//! conductor speaks have the same names, which are those of `HAM_HOLOCHAIN_RELEASE`.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use ham_devconductor::Release as Embedded;
use ham_launcher::Release as Launched;

/// A release.
#[derive(Clone, Copy, Debug)]
struct Named {
    name: &'static str,
    others: &'static [&'static str],
    launched: Launched,
    /// The release as the embedded conductor speaks it, if it can.
    embedded: Option<Embedded>,
}

/// All of them, the oldest first.
const RELEASES: [Named; 4] = [
    Named { name: "0.6", others: &["0.6.3"], launched: Launched::V0_6_3, embedded: Some(Embedded::V0_6) },
    Named { name: "0.7.0", others: &[], launched: Launched::V0_7_0, embedded: Some(Embedded::V0_7_0) },
    Named { name: "0.7.1", others: &[], launched: Launched::V0_7_1, embedded: Some(Embedded::V0_7_1) },
    Named {
        name: "0.8-dev",
        others: &["0.8", "0.8.0-dev.14"],
        launched: Launched::V0_8_0Dev14,
        embedded: None,
    },
];

/// Reads a release that can be launched.
pub(crate) fn launched() -> impl TypedValueParser<Value = Launched> {
    parser(|release| Some(release.launched))
}

/// Reads a release that the embedded conductor speaks.
pub(crate) fn embedded() -> impl TypedValueParser<Value = Embedded> {
    parser(|release| release.embedded)
}

fn parser<T: Clone + Send + Sync + 'static>(
    of: impl Fn(&Named) -> Option<T> + Clone + Send + Sync + 'static,
) -> impl TypedValueParser<Value = T> {
    let known = RELEASES.iter().filter(|release| of(release).is_some());
    let values = known.map(|release| PossibleValue::new(release.name).aliases(release.others));
    PossibleValuesParser::new(values).try_map(move |text| {
        let named = RELEASES.iter().find(|release| release.name == text || release.others.contains(&&*text));
        named.and_then(&of).ok_or("there is no such release")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Command {
        #[arg(long, default_value_t, value_parser = launched())]
        release: Launched,
        #[arg(long, default_value_t, value_parser = embedded())]
        speak: Embedded,
    }

    fn read(words: &[&str]) -> Result<(Launched, Embedded), String> {
        let words = std::iter::once("ham").chain(words.iter().copied());
        let command = <Command as clap::Parser>::try_parse_from(words).map_err(|error| error.to_string())?;
        Ok((command.release, command.speak))
    }

    #[test]
    fn a_release_is_read_and_an_unknown_one_is_answered_with_those_that_are_known() {
        assert_eq!(read(&[]), Ok((Launched::V0_7_1, Embedded::V0_7_1)));
        for (text, release) in
            [("0.6", Launched::V0_6_3), ("0.7.0", Launched::V0_7_0), ("0.8", Launched::V0_8_0Dev14)]
        {
            assert_eq!(read(&["--release", text]).unwrap().0, release);
        }
        assert_eq!(read(&["--speak", "0.6.3"]).unwrap().1, Embedded::V0_6);
        let unknown = read(&["--release", "0.5"]).unwrap_err();
        assert!(unknown.contains("0.6, 0.7.0, 0.7.1, 0.8-dev"), "{unknown}");
        let unknown = read(&["--speak", "0.8-dev"]).unwrap_err();
        assert!(unknown.contains("0.6, 0.7.0, 0.7.1]"), "{unknown}");
    }

    /// `dev` and `conductor` spelled them differently.
    #[test]
    fn the_names_are_those_of_the_library_and_of_the_conductors() {
        assert_eq!(RELEASES.map(|release| release.name), ham::Release::ALL.map(ham::Release::name));
        assert_eq!(RELEASES.map(|release| release.launched), Launched::ALL);
        for release in RELEASES {
            let exact = release.launched.version();
            assert_eq!(exact.parse::<ham::Release>().unwrap().name(), release.name);
            assert!(release.name == exact || release.others.contains(&exact));
        }
    }
}
