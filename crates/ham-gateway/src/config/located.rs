//! Where a file of settings is wrong, in words that quote no secret: none of its lines, no value, and no word as long as a key.

/// What is wrong with a configuration, whose values may be addresses with passwords.
pub(super) fn wrong(error: &toml::de::Error, text: &str) -> String {
    located(error, text, |why| {
        let parts = why.split('"').enumerate();
        let unquoted: String = parts.map(|(n, part)| if n % 2 == 0 { part } else { "\"…\"" }).collect();
        without_long_words(&unquoted)
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

/// The words of an error, without what is as long as a key or a digest: some quote a value, which stands in the wrong place.
pub(crate) fn without_long_words(why: &str) -> String {
    let is_between = |letter: char| !letter.is_ascii_alphanumeric() && !"_-+=".contains(letter);
    let mut said = String::new();
    for part in why.split_inclusive(is_between) {
        let word = part.trim_end_matches(is_between);
        said.push_str(if word.len() > LONGEST_SAID { "…" } else { word });
        said.push_str(&part[word.len()..]);
    }
    said
}

/// Bytes of a word that is repeated. A key has 43 behind its id, a digest 64.
const LONGEST_SAID: usize = 24;
