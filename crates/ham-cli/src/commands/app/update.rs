//! `ham app update`: new coordinator zomes for existing cells.

use std::path::Path;

use ham::Admin;
use serde_json::json;

use crate::code::Compared;
use crate::context::Context;
use crate::failure::Failure;
use crate::input;
use crate::progress;

pub(super) async fn run(
    context: &Context,
    admin: &Admin,
    file: &Path,
    id: Option<String>,
) -> Result<(), Failure> {
    let bundle = input::bundle(file).await?;
    let comparing = Compared::of(admin, &bundle, id);
    let compared = progress::during(context.output, "comparing the zomes", comparing).await?;
    let updating = compared.update(admin);
    let cells = progress::during(context.output, "updating the coordinator zomes", updating).await?;
    if let Some(kept) = compared.kept() {
        context.output.warning(&kept);
    }
    let id = &compared.app_id;
    let text = || match cells.as_slice() {
        [] => format!("{id} runs these coordinator zomes already"),
        names => format!("updated {id}: {}", names.join(", ")),
    };
    context.output.result(text, &json!({ "updated": id, "cells": cells }))
}
