//! Grants and claims, without their secrets.

use serde_json::{Map, Value};

use super::bytes::readable;

/// What is shown of a grant or a claim, for the shapes of all releases.
pub(super) fn shown(content: &Value) -> Value {
    let mut kept = Map::new();
    for key in ["tag", "grantor"] {
        if let Some(value) = content.get(key) {
            kept.insert(key.into(), readable(value));
        }
    }
    // Up to 0.7.0 `access` says who may call; since 0.7.1 `constraint` does.
    let access = content.get("constraint").or_else(|| content.get("access"));
    if let Some(kind) = access.and_then(|access| access.get("type")) {
        kept.insert("access".into(), kind.clone());
    }
    if let Some(assignees) = access.and_then(|access| access.get("value")?.get("assignees")) {
        kept.insert("assignees".into(), readable(assignees));
    }
    let capability = content.get("capability");
    let functions = capability.and_then(|capability| capability.get("value")?.get("functions"));
    if let Some(functions) = functions.or_else(|| content.get("functions")) {
        kept.insert("functions".into(), named(functions));
    } else if let Some(kind) = capability.and_then(|capability| capability.get("type")) {
        kept.insert("capability".into(), kind.clone());
    }
    Value::Object(kept)
}

/// `all`, or each function as `zome/function`.
fn named(functions: &Value) -> Value {
    let Some(listed) = functions.get("value").and_then(Value::as_array) else {
        return functions.get("type").cloned().unwrap_or(Value::Null);
    };
    let name =
        |function: &Value| Some(format!("{}/{}", function.get(0)?.as_str()?, function.get(1)?.as_str()?));
    let mut names: Vec<String> = listed.iter().filter_map(name).collect();
    names.sort();
    names.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Only the tag was shown.
    #[test]
    fn a_grant_says_what_may_be_called_and_keeps_its_secret() {
        let functions = json!({ "type": "listed", "value": [["b", "run"], ["a", "run"]] });
        let secret = json!({ "secret": [1, 2], "assignees": ["x"] });
        let todays = json!({
            "tag": "t",
            "constraint": { "type": "assigned", "value": secret },
            "capability": { "type": "zome_call", "value": { "functions": functions } },
        });
        let earlier =
            json!({ "tag": "t", "access": { "type": "assigned", "value": secret }, "functions": functions });
        let shown_as =
            json!({ "tag": "t", "access": "assigned", "assignees": ["x"], "functions": ["a/run", "b/run"] });
        assert_eq!(shown(&todays), shown_as);
        assert_eq!(shown(&earlier), shown_as);
        let signals = json!({ "tag": "s", "constraint": { "type": "unrestricted" }, "capability": { "type": "direct_signal" } });
        assert_eq!(shown(&signals)["capability"], "direct_signal");
        assert_eq!(named(&json!({ "type": "all" })), "all");
    }
}
