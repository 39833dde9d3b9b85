//! The steps themselves, each bounded.

use std::time::Duration;

use ham::holochain_client::AppInfo;
use ham::{
    Admin, AdminError, BadAnswer, ConnectError, PersistentHam, RELEASE_VARIABLE, RefusalKind, Release,
};
use ham_session::DialError;
use holochain_types::prelude::AppStatus;

use super::findings::{Findings, Stopped, at};
use crate::app;
use crate::commands::grants::installed;
use crate::commands::ping::milliseconds;
use crate::connect;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::progress;

/// How long each step may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(12);

/// Walks all steps until one fails.
pub(super) async fn walk(context: &Context, call: bool, findings: &mut Findings) -> Result<(), Stopped> {
    let within = STEP_TIMEOUT.min(context.settings.timeout);
    // Found out, whatever is named: the step `release` compares.
    let config = connect::config(context).await.map_err(|failure| Stopped {
        // Where no app is named the conductor is asked, and does not answer.
        step: if failure.exit == Exit::NoConnection { "admin port" } else { "settings" },
        failure,
    })?;
    let config = config.with_release(None);
    let settings = context.target().await.map_err(at("settings"))?;
    let app_id = config.app_id.clone();
    findings.good(
        "settings",
        format!(
            "app `{}`, origin `{}`; `ham info --settings` shows all",
            ham::masked(&app_id),
            ham::masked(&config.origin)
        ),
    );

    let info = match settings.admin() {
        Some(_) => {
            let admin = connect::admin(settings, within).map_err(at("settings"))?;
            let steps = by_admin(&admin, &app_id, settings.release, findings);
            Some(progress::during(context.output, "asking the admin interface", steps).await?)
        }
        None => {
            for step in ["admin port", "origin", "app state", "token"] {
                findings.skipped(step, "no admin interface is configured");
            }
            None
        }
    };

    let connecting = tokio::time::timeout(within, PersistentHam::connect(config));
    let ham = match progress::during(context.output, "opening the app interface", connecting).await {
        Ok(Ok(ham)) => ham,
        Ok(Err(error)) => return Err(Stopped { step: step_of(&error), failure: error.into() }),
        Err(_) => {
            let error = ConnectError::TimedOut { after: within, last: "dialing".into() };
            return Err(Stopped { step: "app port", failure: error.into() });
        }
    };
    let round_trip = ham.ping().await.map_err(at("app port"))?;
    findings.good("app port", format!("connected, round trip {} ms", milliseconds(round_trip)));

    let info = match info {
        Some(info) => info,
        None => {
            release(ham.release().await.map_err(at("release"))?, settings.release, findings)?;
            ham.app_info().await.map_err(at("cell"))?
        }
    };
    let signed = signing(context, &ham, &info, call, findings).await;
    let asked = match signed {
        Ok(()) => cells(&ham, &info, call, findings).await,
        stopped => stopped,
    };
    connect::close(&ham).await;
    asked
}

/// Everything the admin interface can tell.
async fn by_admin(
    admin: &Admin,
    app_id: &str,
    named: Option<Release>,
    findings: &mut Findings,
) -> Result<AppInfo, Stopped> {
    if let Err(error) = admin.list_apps(None).await {
        // How far it got tells what is in order.
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
    release(found, named, findings)?;
    let info = installed(admin, app_id).await.map_err(at("app state"))?;
    if let Some(remedy) = app::remedy(&info.status) {
        let why = anyhow::anyhow!("the app `{app_id}` is {}", app::status(&info.status));
        return Err(Stopped { step: "app state", failure: Failure::new(Exit::NotRun, why, remedy) });
    }
    findings.good("app state", app::status(&info.status));
    admin.issue_app_token(app_id).await.map_err(at("token"))?;
    findings.good("token", "issued");
    Ok(info)
}

/// Which release answers, what ham cannot promise on it, and whether it is the one that is named.
fn release(found: Release, named: Option<Release>, findings: &mut Findings) -> Result<(), Stopped> {
    if let Some(named) = named.filter(|named| *named != found) {
        let why = anyhow::anyhow!(
            "{RELEASE_VARIABLE} says Holochain {named}, but the conductor answers as {found}"
        );
        let advice = "unset it: ham finds out the release by itself";
        return Err(Stopped { step: "release", failure: Failure::usage(why.to_string(), advice) });
    }
    findings.release = Some(found);
    let limits = if found.limits().is_empty() { "" } else { "; what ham cannot promise on it stands below" };
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

/// Which step a link failed at.
fn step_of(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::Token(_) => "token",
        ConnectError::App { source, .. } => match &**source {
            DialError::Handshake(ham_session::HandshakeError::Closed(_)) => "token",
            _ => "app port",
        },
        ConnectError::AppNotInstalled { .. } => "app state",
        ConnectError::Signing(_) => "signing",
        ConnectError::Config(_) | ConnectError::NoInterface => "settings",
        ConnectError::Admin { .. } => "admin port",
        _ => "app port",
    }
}

/// Whether calls can be signed. A keystore is asked for a signature, which is sent nowhere.
async fn signing(
    context: &Context,
    ham: &PersistentHam,
    info: &AppInfo,
    call: bool,
    findings: &mut Findings,
) -> Result<(), Stopped> {
    let settings = context.target().await.map_err(at("signing"))?;
    if settings.lair.is_none() && !call {
        let file = connect::credentials(settings).map_err(at("signing"))?;
        let place =
            file.map_or("no file, so every run writes a new grant".into(), |file| file.display().to_string());
        findings.skipped(
            "signing",
            format!("by ham's own keys, kept in {place}; --call tries it, and may write a grant"),
        );
        return Ok(());
    }
    let Some(cell) = app::cells(info).into_iter().find(|cell| cell.enabled) else {
        findings.skipped("signing", "the app has no cell to sign for");
        return Ok(());
    };
    let within = STEP_TIMEOUT.min(context.settings.timeout);
    let signing = ham.prepare(cell.cell_id, "ham_doctor", "ham_doctor", (), within);
    let signed = progress::during(context.output, "signing", signing).await;
    signed.map_err(|error| Stopped { step: "signing", failure: about(&cell.name, error.into()) })?;
    findings.good(
        "signing",
        format!("by {}", if ham.signing() == "lair" { "the keystore" } else { "one of ham's own keys" }),
    );
    Ok(())
}

/// Says which role it is about.
fn about(role: &str, failure: Failure) -> Failure {
    failure.about(format!("the role `{role}` cannot be called"))
}

/// Whether the cells run: listed as running or, with `--call`, asked.
async fn cells(
    ham: &PersistentHam,
    info: &AppInfo,
    call: bool,
    findings: &mut Findings,
) -> Result<(), Stopped> {
    let cells: Vec<app::Cell> = app::cells(info).into_iter().filter(|cell| cell.enabled).collect();
    let names = cells.iter().map(|cell| cell.name.as_str()).collect::<Vec<_>>().join(", ");
    if call {
        for cell in &cells {
            let called = ham.callable(cell.cell_id.clone()).await;
            called.map_err(|error| Stopped { step: "cell", failure: about(&cell.name, error.into()) })?;
        }
        findings.good("cell", format!("callable: {names}"));
        return Ok(());
    }
    let Some(admin) = ham.admin() else {
        findings.skipped("cell", "without an admin interface, only --call can tell");
        return Ok(());
    };
    let running = admin.list_cell_ids().await.map_err(at("cell"))?;
    match cells.iter().find(|cell| !running.contains(&cell.cell_id)) {
        None if info.status == AppStatus::Enabled => {
            findings.good("cell", format!("running: {names}"));
            Ok(())
        }
        None => {
            findings.skipped("cell", "the app is not enabled");
            Ok(())
        }
        Some(cell) => Err(Stopped {
            step: "cell",
            failure: Failure::new(
                Exit::NotRun,
                anyhow::anyhow!("the cell of `{}` is not running", cell.name),
                "wait until it has started; if it never does, the conductor's log says why",
            ),
        }),
    }
}
