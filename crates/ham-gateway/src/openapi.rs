//! The OpenAPI document, generated from what the code knows: the kinds of problems are those of the table.
//! `docs/openapi.json` is a copy.

mod operations;
mod parameters;
mod schemas;

use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use self::operations::{OPERATIONS, Operation};
use self::parameters::{Parameter, in_path};
use crate::gateway::Gateway;

pub(crate) fn routes() -> Router<Arc<Gateway>> {
    Router::new().route("/api/v1/openapi.json", get(|| async { Json(document()) }))
}

/// OpenAPI 3.1 of what the gateway serves.
#[must_use]
pub fn document() -> Value {
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = shown(operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "ham-gateway", "version": env!("CARGO_PKG_VERSION"),
            "description": "Holochain apps over HTTP: every answer says what became of the call.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer", "description": "`ham_<id>_<secret>`" } },
            "schemas": schemas::all(),
        },
    })
}

fn shown(operation: &Operation) -> Value {
    let mut responses = Map::new();
    for (status, kind, about) in operation.answers {
        let content: Map<String, Value> = kind
            .iter()
            .map(|kind| ((*kind).to_owned(), json!({ "schema": schemas::of(kind, operation.schema) })))
            .collect();
        let mut response = json!({ "description": about });
        if !content.is_empty() {
            response["content"] = content.into();
        }
        responses.insert((*status).to_owned(), response);
    }
    for (status, kinds) in schemas::problems(operation.problems) {
        let known: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        let problem = json!({
            "description": kinds.iter().map(|kind| kind.title()).collect::<Vec<_>>().join("; "),
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            "x-types": known,
        });
        responses.entry(status.to_string()).or_insert(problem);
    }
    let given = operation.parameters.iter().map(Parameter::shown);
    let mut shown = json!({
        "operationId": operation.id, "summary": operation.summary, "parameters": in_path(operation.path).chain(given).collect::<Vec<_>>(),
        "responses": responses,
    });
    if let Some(scope) = operation.scope {
        shown["security"] = json!([{ "key": [] }]);
        shown["description"] = json!(format!("Needs {scope}."));
    }
    if operation.has_body {
        shown["requestBody"] = json!({
            "description": "The payload; nothing is nil.", "required": false,
            "content": {
                "application/json": { "schema": { "$ref": "#/components/schemas/Payload" } },
                "application/vnd.msgpack": { "schema": { "type": "string", "contentEncoding": "binary" } },
            },
        });
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After an intended change, `HAM_WRITE_DOCS=1 cargo test -p ham-gateway --lib openapi` writes it.
    #[test]
    fn the_document_that_is_kept_is_this_one() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
        let text = format!("{}\n", serde_json::to_string_pretty(&document()).unwrap());
        if std::env::var_os("HAM_WRITE_DOCS").is_some() {
            std::fs::write(file, &text).unwrap();
        }
        assert!(std::fs::read_to_string(file).unwrap() == text, "docs/openapi.json is not this document");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }
}
