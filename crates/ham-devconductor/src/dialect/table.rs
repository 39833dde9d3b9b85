//! The table: how each release behaves.

use holochain_conductor_api::AppRequest;

use super::requests::{self, AdminAsked, Request};
use crate::release::Release;

/// One release. The rows follow its exchange with a client: what the client may ask, what it is answered, what it hears.
pub(crate) struct Dialect {
    /// Requests of administrators that the release does not know, or that have another shape in it. All others are those of 0.7.1.
    pub(super) admin_requests: &'static [(&'static str, Request<AdminAsked>)],
    /// The same for the clients of apps.
    pub(super) app_requests: &'static [(&'static str, Request<AppRequest>)],
    /// How a grant is written: in requests, in lists, and as an entry in dumps.
    pub(super) grants: Grants,
    /// What the list of grants contains if revoked ones are not requested.
    pub(crate) listed: Listed,
    /// Whether the commit of a grant or of a revocation is validated.
    pub(crate) validates_grants: bool,
    /// Whether validation refuses a commit to a closed chain. If it does not, anyone else who holds the DHT rejects what follows; on
    /// a conductor that is alone, nobody does.
    pub(crate) closes_chains: bool,
    /// How actions, operations, storage, definitions and network statistics are written, and which dumps there are.
    pub(super) state: State,
    /// What the text of an error says about a cell that is off.
    pub(super) cells_off: CellsOff,
    /// The error of a request about an app that is not installed, if the app is only looked up.
    pub(super) unknown_apps: UnknownApps,
    /// How the location of a zome's error is written.
    pub(super) zome_errors: ZomeErrors,
    /// Which agents a client's signal reaches, and what they are told.
    pub(crate) direct_signals: DirectSignals,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grants {
    /// `{tag, access, functions}`; the only capability is calling zomes.
    Access,
    /// `{tag, constraint, capability}`; `{tag, constraint, grant: {functions}}` in a request.
    Constraint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listed {
    /// Nothing: each cell that has a grant gets an empty list.
    Nothing,
    /// The grants in force.
    InForce,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Flat actions with a weight; the whole chain, whatever page is requested; a page of operations, of any installed cell, begins
    /// after a row number.
    Flat,
    /// Actions with header and data; pages of chains.
    HeaderAndData,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellsOff {
    /// `CellDisabled(cell)`, whatever the reason.
    Disabled,
    /// `CellNotRunning(cell, reason)`.
    NotRunning,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnknownApps {
    /// `AppNotInstalled` as an error of the conductor, as everywhere else.
    Conductor,
    /// `Tried to access an app that was not installed`, as an error of its own.
    Own,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ZomeErrors {
    /// `WasmError { file: "place", line: 1, error: … }`.
    File,
    /// `place:1: …`.
    Module,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DirectSignals {
    /// There are none.
    Missing,
    /// They reach everyone, without naming the sender.
    ToAnyone,
    /// They reach those who granted it, and name the sender.
    Granted,
}

static V0_6: Dialect = Dialect {
    admin_requests: &[
        ("dump_full_state", Request::Shape(requests::dump_full_state)),
        ("dump_op_timings", Request::Unknown),
        ("dump_state", Request::Shape(requests::dump_state)),
        ("graft_records", Request::Shape(requests::graft_records)),
        ("grant_direct_signal_capability", Request::Unknown),
        ("grant_zome_call_capability", Request::Shape(requests::grant)),
        ("install_app", Request::Shape(requests::install_without_restore)),
        ("list_apps", Request::Shape(requests::list_apps)),
    ],
    app_requests: &[
        ("dump_op_timings", Request::Unknown),
        ("grant_direct_signal_capability", Request::Unknown),
        ("send_direct_signal", Request::Unknown),
    ],
    grants: Grants::Access,
    listed: Listed::Nothing,
    validates_grants: false,
    closes_chains: false,
    state: State::Flat,
    cells_off: CellsOff::Disabled,
    unknown_apps: UnknownApps::Conductor,
    zome_errors: ZomeErrors::File,
    direct_signals: DirectSignals::Missing,
};

static V0_7_0: Dialect = Dialect {
    admin_requests: &[
        ("grant_direct_signal_capability", Request::Unknown),
        ("grant_zome_call_capability", Request::Shape(requests::grant)),
        ("install_app", Request::Shape(requests::install_and_restore_nothing)),
    ],
    app_requests: &[
        ("grant_direct_signal_capability", Request::Unknown),
        ("send_direct_signal", Request::Shape(requests::send_direct_signal)),
    ],
    grants: Grants::Access,
    listed: Listed::Nothing,
    validates_grants: false,
    closes_chains: false,
    state: State::HeaderAndData,
    cells_off: CellsOff::Disabled,
    unknown_apps: UnknownApps::Own,
    zome_errors: ZomeErrors::Module,
    direct_signals: DirectSignals::ToAnyone,
};

static V0_7_1: Dialect = Dialect {
    admin_requests: &[],
    app_requests: &[],
    grants: Grants::Constraint,
    listed: Listed::InForce,
    validates_grants: true,
    closes_chains: true,
    state: State::HeaderAndData,
    cells_off: CellsOff::NotRunning,
    unknown_apps: UnknownApps::Own,
    zome_errors: ZomeErrors::Module,
    direct_signals: DirectSignals::Granted,
};

impl Dialect {
    /// The dialect of a release.
    pub(crate) fn of(release: Release) -> &'static Self {
        match release {
            Release::V0_6 => &V0_6,
            Release::V0_7_0 => &V0_7_0,
            Release::V0_7_1 => &V0_7_1,
        }
    }

    /// Whether there is nothing to translate.
    pub(super) fn is_todays(&self) -> bool {
        std::ptr::eq(self, &V0_7_1)
    }
}
