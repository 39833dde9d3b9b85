//! The steps of the admin interface: whether it is there, which release answers, the state of the app.

use std::time::Duration;

use ham::holochain_client::AppInfo;
use ham::{Admin, AdminError, BadAnswer, RELEASE_VARIABLE, RefusalKind, Release};
use ham_session::DialError;

use super::findings::{Findings, Stopped, at};
use crate::app;
use crate::commands::grants::installed;
use crate::connect;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress;

/// What can be found out if the settings do not say enough. If only the app is unknown, the conductor can be examined.
pub(super) async fn without_config(
    context: &Context,
    failure: Failure,
    within: Duration,
    findings: &mut Findings,
) -> Stopped {
    // If no app is named, the conductor is asked, and does not answer.
    if failure.exit == Exit::NoConnection {
        return Stopped { step: "admin port", failure };
    }
    let admin = match context.target().await {
        Ok(settings) if settings.app_id().is_err() => connect::admin(settings, within).ok(),
        Ok(_) | Err(_) => None,
    };
    let Some(admin) = admin else { return Stopped { step: "settings", failure } };
    findings.good("settings", "no app is set; `ham info --settings` shows all settings");
    let asking = conductor(&admin, context.settings.release, findings);
    match progress::during(context.output, "querying the admin interface", asking).await {
        Ok(()) => Stopped { step: "app state", failure },
        Err(stopped) => stopped,
    }
}

/// Everything the admin interface can tell.
pub(super) async fn by_admin(
    admin: &Admin,
    app_id: &str,
    named: Option<Release>,
    findings: &mut Findings,
) -> Result<AppInfo, Stopped> {
    conductor(admin, named, findings).await?;
    let info = installed(admin, app_id).await.map_err(at("app state"))?;
    if let Some((why, remedy)) = app::standstill(&info) {
        let failure = Failure::new(Exit::NotRun, anyhow::anyhow!(why), remedy);
        return Err(Stopped { step: "app state", failure });
    }
    findings.good("app state", app::status(&info.status));
    admin.issue_app_token(app_id).await.map_err(at("token"))?;
    findings.good("token", "issued");
    Ok(info)
}

/// What it reports about the conductor.
async fn conductor(admin: &Admin, named: Option<Release>, findings: &mut Findings) -> Result<(), Stopped> {
    if let Err(error) = admin.list_apps(None).await {
        // How far it got shows what is in order.
        let step = admin_step(&error);
        if step != "admin port" {
            findings.good("admin port", format!("{} accepts connections", admin.url()));
        }
        if step == "release" {
            findings.good("origin", "allowed");
        }
        return Err(Stopped { step, failure: error.into() });
    }
    findings.good("admin port", format!("{} accepts connections", admin.url()));
    findings.good("origin", "allowed");
    let found = admin.clone().with_release(None).release().await.map_err(at("release"))?;
    release(found, named, findings)
}

/// Which release answers, what ham cannot promise on it, and whether it is the one that was named.
pub(super) fn release(
    found: Release,
    named: Option<Release>,
    findings: &mut Findings,
) -> Result<(), Stopped> {
    if let Some(named) = named.filter(|named| *named != found) {
        let why = anyhow::anyhow!(
            "{RELEASE_VARIABLE} says Holochain {named}, but the conductor answers as {found}"
        );
        let advice = "unset it: ham detects the release by itself";
        return Err(Stopped { step: "release", failure: Failure::usage(why.to_string(), advice) });
    }
    findings.release = Some(found);
    let limits = if found.limits().is_empty() { "" } else { "; see below what ham cannot promise on it" };
    findings.good("release", format!("answers as Holochain {found}{limits}"));
    Ok(())
}

/// Which step an admin request failed at.
fn admin_step(error: &AdminError) -> &'static str {
    match error {
        AdminError::Dial { source, .. } => match &**source {
            DialError::Refused { .. } => "origin",
            _ => "admin port",
        },
        AdminError::Answer { source: BadAnswer::Refused(refusal), .. } => match refusal.kind() {
            RefusalKind::Deserialization => "release",
            _ => "app state",
        },
        AdminError::Answer { .. } => "release",
        _ => "admin port",
    }
}
