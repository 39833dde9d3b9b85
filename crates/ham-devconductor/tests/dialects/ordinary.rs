//! Scenarios of what no release says otherwise, so that it stays so: the life of apps and clones, tokens, calls that are
//! refused.

use holochain_types::prelude::Timestamp;
use rmpv::Value;

use crate::player::{Player, nowhere};
use crate::wire::{field, map};

/// Calls that do not run, or write nothing.
pub(crate) async fn refused_calls(player: &mut Player) {
    let mut app = player.app("calls").await;
    let cell = app.ledger.clone();
    let credentials = player.enter(&cell, 1).await;
    let total = |function| (&cell, "ledger", function, Value::Nil);
    player.call(&mut app, "no such function", &credentials, total("missing")).await;
    player.call(&mut app, "no such zome", &credentials, (&cell, "missing", "total", Value::Nil)).await;
    let nowhere = nowhere(&app);
    player.call(&mut app, "no such cell", &credentials, (&nowhere, "ledger", "total", Value::Nil)).await;
    player.call(&mut app, "no such input", &credentials, (&cell, "ledger", "post", 7.into())).await;
    let (others, _) = player.grant(&nowhere, "nobody's", 2).await;
    player.call(&mut app, "no such grant", &others, total("total")).await;
    let signed = credentials.signed(total("total"));
    player.ask_app(&mut app, "once", "call_zome", signed.clone()).await;
    player.ask_app(&mut app, "twice", "call_zome", signed.clone()).await;
    let long_ago = Timestamp::from_micros(1_600_000_000_000_000);
    let expired = credentials.signed_at(long_ago, total("total"));
    player.ask_app(&mut app, "expired", "call_zome", expired).await;
    let bytes = field(&signed, "bytes").clone();
    let forged = map! { bytes: bytes, signature: field(&others.signed(total("total")), "signature").clone() };
    player.ask_app(&mut app, "forged", "call_zome", forged).await;
    player.ask_app(&mut app, "unsigned", "call_zome", map! { bytes: Value::Nil }).await;
}

/// Calls that run and fail: nothing of them is written.
pub(crate) async fn failed_calls(player: &mut Player) {
    let mut app = player.app("failures").await;
    let cell = app.probe.clone();
    let credentials = player.enter(&cell, 1).await;
    let probe = |function, input| (&cell, "probe", function, input);
    let item = |body: &str| map! { call_id: "1", body: body };
    player.call(&mut app, "an error", &credentials, probe("fail", "on purpose".into())).await;
    player
        .call(&mut app, "an item that is not valid", &credentials, probe("create_item", item("invalid")))
        .await;
    let writing = probe("create_then_fail", map! { call_id: "1" });
    player.call(&mut app, "an error behind a write", &credentials, writing).await;
    player.call(&mut app, "a panic", &credentials, probe("panic_now", Value::Nil)).await;
    player.call(&mut app, "what was written", &credentials, probe("count_items", Value::Nil)).await;
}

/// What becomes of an app, and of requests about one that is not there.
pub(crate) async fn lives_of_apps(player: &mut Player) {
    let info = player.install("life").await;
    player.note("installed", field(&info, "status"));
    let again = Value::Map(player.payload("life"));
    player.ask("install again", "install_app", again).await;
    let mut elsewhere = player.payload("life elsewhere");
    elsewhere.retain(|(key, _)| key.as_str() != Some("source"));
    let source = map! { type: "path", value: "/nowhere/at/all.happ" };
    elsewhere.push(("source".into(), source));
    let answer = player.admin.ask("install_app", Value::Map(elsewhere)).await;
    player.note("install what is not there", &answer.kind.as_str().into());
    let about = map! { installed_app_id: "life" };
    for request in ["enable_app", "enable_app", "disable_app", "disable_app"] {
        let answer = player.admin.ask(request, about.clone()).await;
        player.kind(request, &answer);
    }
    let listed = player.admin.ask("list_apps", map! { status_filter: Value::Nil }).await.ok("apps_listed");
    let own =
        listed.as_array().unwrap().iter().find(|app| field(app, "installed_app_id").as_str() == Some("life"));
    player.note("listed", field(own.unwrap(), "status"));
    let none = map! { installed_app_id: "none" };
    player.ask("disable no app", "disable_app", none).await;
    player.ask("uninstall", "uninstall_app", map! { installed_app_id: "life", force: false }).await;
    player.ask("uninstall again", "uninstall_app", map! { installed_app_id: "life", force: true }).await;
}

/// Clones and their errors.
pub(crate) async fn clones(player: &mut Player) {
    let mut app = player.app("clones").await;
    let create = |role: &str, modifiers: Value| map! { role_name: role, modifiers: modifiers };
    let seed = || map! { network_seed: "a clone" };
    let made = app.wire.ask("create_clone_cell", create("probe", seed())).await.ok("clone_cell_created");
    let id = |id: &str| map! { clone_cell_id: map! { type: "clone_id", value: id } };
    player.note("id", field(&made, "clone_id"));
    player.note("enabled", field(&made, "enabled"));
    player.ask_app(&mut app, "like nothing else", "create_clone_cell", create("probe", map! {})).await;
    player.ask_app(&mut app, "the same", "create_clone_cell", create("probe", seed())).await;
    player.ask_app(&mut app, "of no role", "create_clone_cell", create("none", seed())).await;
    player.ask_app(&mut app, "too many", "create_clone_cell", create("ledger", seed())).await;
    player.ask_app(&mut app, "disable", "disable_clone_cell", id("probe.0")).await;
    player.ask_app(&mut app, "disable nothing", "disable_clone_cell", id("probe.7")).await;
    let enabled = app.wire.ask("enable_clone_cell", id("probe.0")).await;
    player.kind("enable", &enabled);
    player.ask_app(&mut app, "enable nothing", "enable_clone_cell", id("probe.7")).await;
    player.ask_app(&mut app, "disable again", "disable_clone_cell", id("probe.0")).await;
    let delete = map! { app_id: "clones", clone_cell_id: map! { type: "clone_id", value: "probe.0" } };
    player.ask("delete", "delete_clone_cell", delete).await;
}

/// Interfaces and the tokens that open them.
pub(crate) async fn tokens(player: &mut Player) {
    player.app("tokens").await;
    let issued = map! { installed_app_id: "tokens", single_use: false, expiry_seconds: 0 };
    let issued = player.admin.ask("issue_app_authentication_token", issued).await;
    let issued = issued.ok("app_authentication_token_issued");
    player.note("expires", field(&issued, "expires_at"));
    let token = field(&issued, "token").clone();
    player.ask("revoke", "revoke_app_authentication_token", token.clone()).await;
    player.ask("revoke again", "revoke_app_authentication_token", token).await;
    let none = player.admin.ask("issue_app_authentication_token", map! { installed_app_id: "none" }).await;
    player.note("for no app", &none.kind.as_str().into());
    player.ask("no value", "issue_app_authentication_token", Value::Nil).await;
    let attach = map! { port: 0, allowed_origins: "*", installed_app_id: "none" };
    let attached = player.admin.ask("attach_app_interface", attach).await;
    player.note("attached for no app", &attached.kind.as_str().into());
}
