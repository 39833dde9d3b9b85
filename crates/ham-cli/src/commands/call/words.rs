//! Which words of `ham call` are what: the role may be left out.

use std::collections::BTreeSet;

use ham::{CallError, PersistentHam};

use super::meant;
use crate::app;
use crate::definition;
use crate::failure::Failure;

/// What is called.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::commands) struct Words {
    /// `None` if it has to be found out.
    pub(in crate::commands) role: Option<String>,
    pub(in crate::commands) zome: String,
    pub(in crate::commands) function: String,
    pub(in crate::commands) payload: Option<String>,
}

impl Words {
    /// `ROLE ZOME FUNCTION [PAYLOAD]` or `ZOME FUNCTION [PAYLOAD]`: the third word is a payload if it is not a name.
    pub(in crate::commands) fn of(
        first: String,
        second: String,
        third: Option<String>,
        payload: Option<String>,
    ) -> Self {
        match third {
            Some(function) if payload.is_some() || is_name(&function) => {
                Self { role: Some(first), zome: second, function, payload }
            }
            payload => Self { role: None, zome: first, function: second, payload },
        }
    }
}

/// Which of the last two words is the payload.
pub(in crate::commands) fn payload<'a>(third: Option<&'a str>, fourth: Option<&'a str>) -> Option<&'a str> {
    fourth.or(third.filter(|word| !is_name(word)))
}

impl Words {
    /// The failure of a call. If what was called does not exist, it says how the words were read.
    pub(super) fn explain(&self, role: &str, error: CallError) -> Failure {
        let is_missing = is_missing(&error) || matches!(error.inner(), CallError::UnknownRole { .. });
        let mut failure = Failure::from(error);
        if is_missing && self.payload.is_none() {
            failure.advise(format!(
                "this was read as role `{role}`, zome `{}`, function `{}`; a string payload needs its own quotes: '\"text\"'. `ham info` shows the roles",
                self.zome, self.function
            ));
        }
        failure
    }
}

/// Whether the role has no such zome, or the zome no such function.
pub(super) fn is_missing(error: &CallError) -> bool {
    match error.inner() {
        CallError::Refused { refusal, .. } => NOT_THERE.iter().any(|text| refusal.text().starts_with(text)),
        _ => false,
    }
}

/// How conductors begin the message that there is no such zome or function.
const NOT_THERE: &[&str] =
    &["ZomeError: Zome not found", "Attempted to call a zome function that doesn't exist"];

/// Whether it can be the name of a function, which is a Rust identifier. JSON's keywords are not.
fn is_name(word: &str) -> bool {
    let mut characters = word.chars();
    let begins = characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    let goes_on = characters.all(|next| next.is_ascii_alphanumeric() || next == '_');
    begins && goes_on && !["true", "false", "null"].contains(&word)
}

/// The only role of the app, or the only one whose DNA has this zome. Clones have to be named.
pub(in crate::commands) async fn role(ham: &PersistentHam, zome: &str) -> Result<String, Failure> {
    let cells = app::cells(&ham.app_info().await?);
    let roles: BTreeSet<_> =
        cells.iter().map(|cell| cell.name.clone()).filter(|name| !name.contains('.')).collect();
    let all = || roles.iter().cloned().collect::<Vec<_>>().join(", ");
    if let (Some(role), 1) = (roles.first(), roles.len()) {
        return Ok(role.clone());
    }
    let Some(admin) = ham.admin() else {
        return Err(Failure::usage(
            format!("the app has several roles: {}", all()),
            "name one before the zome: only the admin interface knows which zomes they have",
        ));
    };
    let (mut having, mut known) = (Vec::new(), Vec::new());
    for cell in cells.iter().filter(|cell| roles.contains(&cell.name)) {
        let zomes = definition::of(admin, &cell.cell_id).await?.coordinator_zomes;
        let zomes: Vec<String> = zomes.iter().map(|(name, _)| name.to_string()).collect();
        if zomes.iter().any(|name| name == zome) {
            having.push(cell.name.clone());
        }
        known.extend(zomes);
    }
    match having.as_slice() {
        [role] => Ok(role.clone()),
        [] => Err(Failure::usage(
            format!("no role of the app has a zome `{zome}`"),
            format!("`ham call ROLE ZOME FUNCTION`; its roles are {}", all()),
        )
        .asking(meant::zome(zome, &known))),
        several => Err(Failure::usage(
            format!("several roles have a zome `{zome}`: {}", several.join(", ")),
            "name one of them before the zome",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_role_is_left_out_where_the_third_word_is_no_name() {
        let read = |words: &[&str]| {
            let mut words = words.iter().map(|word| (*word).to_owned());
            let (first, second) = (words.next().unwrap(), words.next().unwrap());
            let Words { role, zome, function, payload } =
                Words::of(first, second, words.next(), words.next());
            (role.unwrap_or("-".into()), zome, function, payload.unwrap_or("-".into()))
        };
        let is = |words: [&str; 4]| words.map(str::to_owned).into();
        assert_eq!(read(&["r", "z", "f"]), is(["r", "z", "f", "-"]));
        assert_eq!(read(&["r", "z", "f", "1"]), is(["r", "z", "f", "1"]));
        assert_eq!(read(&["z", "f"]), is(["-", "z", "f", "-"]));
        for payload in ["\"x\"", "1", "-", "@file.json", "{}", "[]", "null", "true", "-1.5"] {
            assert_eq!(read(&["z", "f", payload]), is(["-", "z", "f", payload]));
        }
        // Whatever the third word is, a fourth makes the third the function.
        assert_eq!(read(&["r", "z", "null", "1"]), is(["r", "z", "null", "1"]));
    }
}
