//! The steps themselves, each bounded.

use std::time::Duration;

use ham::holochain_client::AppInfo;
use ham::{ConnectError, PersistentHam};
use ham_session::DialError;
use holochain_types::prelude::AppStatus;

use super::admin::{by_admin, release, without_config};
use super::findings::{Findings, Stopped, at};
use crate::app;
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
    // Detected, whatever is named: the step `release` compares them.
    let config = match connect::config(context).await {
        Ok(config) => config,
        Err(failure) => return Err(without_config(context, failure, within, findings).await),
    };
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
            Some(progress::during(context.output, "querying the admin interface", steps).await?)
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

/// Says which role the failure is about.
fn about(role: &str, failure: Failure) -> Failure {
    failure.about(format!("the role `{role}` cannot be called"))
}

/// Whether the cells run: listed as running or, with `--call`, called.
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
