//! Where a file of settings is wrong, in words that quote no secret: none of its lines, no value, and no word that could be a key.

/// What is wrong with a configuration, whose values may be addresses with passwords.
pub(super) fn wrong(error: &toml::de::Error, text: &str) -> String {
    located(error, text, |why| {
        let parts = why.split('"').enumerate();
        let unquoted: String = parts.map(|(n, part)| if n % 2 == 0 { part } else { "\"…\"" }).collect();
        ham::masked(&unquoted)
    })
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
