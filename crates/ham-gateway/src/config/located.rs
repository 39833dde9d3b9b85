//! Where a file of settings is wrong, in words that quote no secret.

/// What is wrong, with the line that is: unless that may be an address with a password.
pub(super) fn quoted(error: &toml::de::Error, text: &str) -> String {
    let quoting = error.to_string();
    if quoting.contains("//") && quoting.contains(['@', '?']) {
        return located(error, text, |why| {
            let parts = why.split('"').enumerate();
            parts.map(|(n, part)| if n % 2 == 0 { part } else { "\"…\"" }).collect()
        });
    }
    quoting.trim_end().to_owned()
}

/// The place and the reason, as `words` lets it be said: the reason may quote a value.
pub(crate) fn located(error: &toml::de::Error, text: &str, words: impl Fn(&str) -> String) -> String {
    let why = words(error.message());
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!("line {line}, column {column}: {why}")
        }
        None => why,
    }
}
