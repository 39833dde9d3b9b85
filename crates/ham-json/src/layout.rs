//! JSON laid out over lines.

/// The text laid out for people, with every number and every string unchanged; `None` if it nests too deeply for that.
#[must_use]
pub fn laid_out(json: &str) -> Option<String> {
    let mut shown = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut characters = json.chars().filter(|character| *character != '\r').peekable();
    while let Some(character) = characters.next() {
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
            shown.push(character);
            continue;
        }
        match character {
            ' ' | '\n' | '\t' => {}
            '{' | '[' => {
                shown.push(character);
                while characters.next_if(|next| matches!(next, ' ' | '\n' | '\t')).is_some() {}
                if let Some(end) = characters.next_if(|next| matches!(next, '}' | ']')) {
                    shown.push(end);
                } else {
                    depth += 1;
                    next_line(&mut shown, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                next_line(&mut shown, depth);
                shown.push(character);
            }
            ',' => {
                shown.push(character);
                next_line(&mut shown, depth);
            }
            ':' => shown.push_str(": "),
            _ => {
                in_string = character == '"';
                shown.push(character);
            }
        }
        if depth > MAX_DEPTH {
            return None;
        }
    }
    Some(shown)
}

fn next_line(shown: &mut String, depth: usize) {
    shown.push('\n');
    shown.extend(std::iter::repeat_n("  ", depth));
}

/// What a person can still follow; deeper text could be mostly indentation.
const MAX_DEPTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    /// Case: numbers were read as floats on the way.
    #[test]
    fn what_is_laid_out_is_as_it_came() {
        let json = r#"{"a":[1e400,123456789012345678901234567890,0.10],"b": { },"c":"\\\"{[,:","d":[ ]}"#;
        let lines = [
            "{",
            r#"  "a": ["#,
            "    1e400,",
            "    123456789012345678901234567890,",
            "    0.10",
            "  ],",
            r#"  "b": {},"#,
            r#"  "c": "\\\"{[,:","#,
            r#"  "d": []"#,
            "}",
        ];
        assert_eq!(laid_out(json).as_deref(), Some(&*lines.join("\n")));
        assert_eq!(laid_out(&"[".repeat(1000)), None);
        assert_eq!(laid_out("1").as_deref(), Some("1"));
    }

    #[test]
    fn it_is_laid_out_as_the_library_does() {
        let value = serde_json::json!({ "x": [1, { "y": null }], "empty": [], "text": "a\nb\"c\\" });
        assert_eq!(laid_out(&value.to_string()), Some(format!("{value:#}")));
    }
}
