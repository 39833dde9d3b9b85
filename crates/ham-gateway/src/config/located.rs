//! Where a settings file is wrong, in words that quote no secret: none of its lines, no value, and no word that could
//! be a key.

/// The place and the reason: values may be addresses with passwords, or a key in the wrong place.
pub(crate) fn located(error: &toml::de::Error, text: &str) -> String {
    let why = ham::without_quoted(error.message());
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!("line {line}, column {column}: {why}")
        }
        None => why,
    }
}
