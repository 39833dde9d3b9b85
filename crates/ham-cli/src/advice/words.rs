//! What to do about errors that a conductor reports only in words, without an error kind that identifies them.

use ham_json::{Dialect, from_messagepack};

/// About a request of an administrator. No zome's words come first here.
pub(super) fn of_administration(text: &str) -> Option<&'static str> {
    let own = text.strip_prefix(API).unwrap_or(text);
    let found = ADMINISTRATION.iter().find(|(words, _)| own.starts_with(words));
    found.map(|(_, advice)| *advice).or_else(|| of_anything(text))
}

/// About anything in which a zome may have run.
pub(super) fn of_anything(text: &str) -> Option<&'static str> {
    ANYTHING.iter().find(|(words, _)| text.contains(words)).map(|(_, advice)| *advice)
}

/// About a function that could not read its argument. The conductor only quotes the bytes.
pub(super) fn of_argument(text: &str) -> Option<String> {
    let (_, bytes) = text.split_once("Deserialize([")?;
    let bytes: Option<Vec<u8>> =
        bytes.split_once(']')?.0.split(", ").map(|byte| byte.trim().parse().ok()).collect();
    let shown = bytes.and_then(|bytes| from_messagepack(&bytes, Dialect::Marked).ok()).map(|value| {
        let value = value.to_string();
        match value.char_indices().nth(SHOWN) {
            Some((at, _)) => format!(", which was {}…", &value[..at]),
            None => format!(", which was {value}"),
        }
    });
    Some(format!(
        "the function expects a different argument than it was given{}; the reason is in the zome's log: in the terminal of `ham \
         dev`, or in the conductor's log",
        shown.unwrap_or_default()
    ))
}

/// How much of an argument is repeated.
const SHOWN: usize = 200;

const API: &str = "Conductor returned an error while using a ConductorApi: ";

const ADMINISTRATION: &[(&str, &str)] = &[
    (
        "AppAlreadyInstalled(",
        "`ham app list` shows the app with this ID: pass another one with --id, run the bundle's coordinator zomes in that app \
         with `ham app update`, or remove it and its data with `ham app uninstall`",
    ),
    ("AppNotInstalled(", "`ham app list` shows the installed apps: pass the ID of one of them"),
    (
        "AppStatusError(\"App is awaiting membrane proofs",
        "provide them with `ham app memproofs --app-id ID ROLE=FILE …`, then enable it",
    ),
    (
        "InternalCellError(CellWithoutGenesis(",
        "its genesis never ran: `ham app uninstall` removes the app, then install it again",
    ),
    (
        "InterfaceError(IoError(",
        "the conductor cannot listen there: pass another port (0 picks a free one), or stop whatever is using it",
    ),
];

const ANYTHING: &[(&str, &str)] = &[
    (
        " fails, as a test asked",
        "`ham dev fault host` causes it: `ham dev fault host FUNCTION --times 0` ends it, or it ends by itself after the requested \
         number of calls",
    ),
    (
        "the call, with all that it started, reached a limit",
        "make the function do less, or start the conductor with a higher limit: the flag in brackets, which `ham dev --help` explains",
    ),
    ("missing field `module_path`", OTHER_RELEASE),
    ("missing field `access`", OTHER_RELEASE),
];

const OTHER_RELEASE: &str = "the app's zomes were built for a different Holochain release than the conductor's: build them with \
    that release's HDK and HDI (`ham info` shows the release), or run them in a conductor of their own";

#[cfg(test)]
mod tests {
    use super::*;

    /// The advice was "the conductor's message says why", but the message contains only bytes.
    #[test]
    fn an_argument_that_a_function_does_not_take_is_shown() {
        let of = |bytes: &str| of_argument(&format!("RuntimeError: error: Deserialize([{bytes}])"));
        let told = of("129, 165, 116, 105, 116, 108, 101, 5").unwrap();
        assert!(told.contains("a different argument than it was given, which was {\"title\":5};"), "{told}");
        assert!(told.contains("the zome's log"), "{told}");
        // Numbers that are not bytes, and a list that was cut off.
        for bytes in ["300", "1, x", ""] {
            assert!(of(bytes).unwrap().contains("than it was given; the reason"), "{bytes}");
        }
        let long = format!("219, 0, 0, 4, 0{}", ", 120".repeat(1024));
        assert!(of(&long).unwrap().contains("xxx…; the reason"));
        assert_eq!(of_argument("Deserialize(\"missing field\")"), None);
    }

    /// All of them got the advice "correct the request".
    #[test]
    fn each_has_an_advice_of_its_own() {
        let of = |text: &str| of_administration(text).unwrap();
        assert!(of(&format!("{API}AppAlreadyInstalled(\"one\")")).contains("--id"));
        assert!(of(&format!("{API}AppNotInstalled(\"one\")")).contains("ham app list"));
        let waits = "AppStatusError(\"App is awaiting membrane proofs and cannot be enabled.\")";
        assert!(of(&format!("{API}{waits}")).contains("ham app memproofs"));
        let never = "InternalCellError(CellWithoutGenesis(CellId(DnaHash(uhC0k), AgentPubKey(uhCAk))))";
        assert!(of(&format!("{API}{never}")).contains("ham app uninstall"));
        assert!(of("the call: create fails, as a test asked").contains("ham dev fault"));
        let met =
            "RuntimeError: the call, with all that it started, reached a limit: 5 instructions (--fuel)";
        assert!(of(met).contains("higher limit") && of_anything(met).is_some());
        assert!(
            of("InvalidCommit error: Serialize(Deserialize(\"missing field `module_path`\"))")
                .contains("HDI")
        );
        // A zome may say the same.
        assert_eq!(of_anything("RuntimeError: AppNotInstalled(\"one\")"), None);
        assert_eq!(of_administration("something else"), None);
    }
}
