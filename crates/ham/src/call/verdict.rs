//! What a refusal proves on the release that gave it: looks up the release, and the reason that the refusal withholds.

use ham_session::{Link, RequestError};
use holochain_conductor_api::{AppInfo, AppRequest, AppResponse, CellInfo};
use holochain_zome_types::cell::CellId;
use tokio::time::Instant;

use super::target;
use crate::wire::find;
use crate::wire::{self, BadAnswer, ConductorProtocol, NotRunning, Refusal, Request, Verdict, not_enabled};

/// What the refusal of a call on `cell` proves. A release that does not say why a cell does not run leaves that to the app's status,
/// and no release has words of its own for a cell that went away during a call.
pub(crate) async fn verdict(
    link: &Link<ConductorProtocol>,
    refusal: Refusal,
    cell: &CellId,
    deadline: Instant,
) -> (Refusal, Verdict) {
    let refusal = on_its_release(link, refusal, deadline).await;
    let verdict = match refusal.verdict(cell) {
        Verdict::NotRunningUnexplained => Verdict::NotRunning(why_not_running(link, cell, deadline).await),
        verdict if refusal.may_be_of_a_missing_cell() => match app_info(link, deadline).await {
            Ok(Ok(AppResponse::AppInfo(None))) => return (refusal.without_cell(), Verdict::NoApp),
            Ok(Ok(AppResponse::AppInfo(Some(info))))
                if target::find(&info, &cell.clone().into()).is_none() =>
            {
                return (refusal.without_cell(), verdict);
            }
            // No answer gives no reason.
            Ok(_) | Err(_) => verdict,
        },
        verdict => verdict,
    };
    (refusal, verdict)
}

/// The refusal together with the release that gave it, if that matters. Without the release, it proves only what it means on every release.
async fn on_its_release(link: &Link<ConductorProtocol>, refusal: Refusal, deadline: Instant) -> Refusal {
    if !refusal.depends_on_release() {
        return refusal;
    }
    match find::dialect(link, deadline).await {
        Ok(dialect) => refusal.said_by(dialect.release),
        Err(_) => refusal,
    }
}

/// Why a cell does not run, according to the app's status.
async fn why_not_running(link: &Link<ConductorProtocol>, cell: &CellId, deadline: Instant) -> NotRunning {
    match app_info(link, deadline).await {
        Ok(Ok(AppResponse::AppInfo(Some(info)))) => reason_in(&info, cell),
        Ok(_) => NotRunning::Other("the conductor gives no reason".into()),
        // No answer gives no reason: whoever waits for the cell asks again on the next link.
        Err(_) => NotRunning::NotStarted,
    }
}

/// The app, requested on the link that the refusal came on.
async fn app_info(
    link: &Link<ConductorProtocol>,
    deadline: Instant,
) -> Result<Result<AppResponse, BadAnswer>, RequestError> {
    let out = Request::app(&AppRequest::AppInfo).map_err(RequestError::Encode)?;
    link.request(out, deadline).await.map(wire::app_answer)
}

/// In an enabled app, a cell that does not run is either starting or a disabled clone.
fn reason_in(info: &AppInfo, cell: &CellId) -> NotRunning {
    let disabled_clone = |info: &CellInfo| match info {
        CellInfo::Cloned(clone) => clone.cell_id == *cell && !clone.enabled,
        CellInfo::Provisioned(_) | CellInfo::Stem(_) => false,
    };
    match not_enabled(&info.status) {
        Some(reason) => reason,
        None if info.cell_info.values().flatten().any(disabled_clone) => NotRunning::CloneDisabled,
        None => NotRunning::NotStarted,
    }
}
