//! How a call ended, for watchers.

use holochain_state::source_chain::SourceChainError;
use holochain_types::prelude::ZomeCallResponse;
use holochain_wasmer_common::{WasmError, WasmErrorInner};

use super::payload::Payload;
use crate::error::{ApiError, CellError, RibosomeError, WorkflowError};
use crate::wasm::RuntimeError;

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The function answered.
    Answered(Payload),
    /// It was answered with an error; its kind tells what is proven of the called cell's chain.
    Failed {
        /// Which kind of error.
        kind: FailureKind,
        /// Its text, without the parts added by layers that only passed it on.
        text: String,
        /// File or module, and line, if the zome says so.
        place: Option<String>,
    },
    /// It did not run, and why.
    NotRun(String),
    /// Its caller left before it ended. It may have written.
    Abandoned,
}

/// Which kind of error a call was answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// The zome's own.
    Zome,
    /// What it wrote is not valid.
    InvalidCommit,
    /// What it wrote depends on something that is not here, so it was not written.
    IncompleteCommit,
    /// The chain grew in the meantime.
    ChainMoved,
    /// The caller may not call it.
    Unauthorized,
    /// There is no such zome or function.
    NoFunction,
    /// The cell was removed while it ran, with its app or as a clone: nothing is left of what it wrote.
    CellRemoved,
    /// Anything else before its commit: `init`, a bound, a host function. Nothing was written.
    BeforeCommit,
    /// Anything else: a bound, the store. Something may have been written.
    Conductor,
}

impl Outcome {
    /// The same, with as much of the answer as watchers are told.
    pub(super) fn of(answer: &Result<ZomeCallResponse, ApiError>) -> Self {
        match answer {
            Ok(ZomeCallResponse::Ok(output)) => Self::Answered(Payload::of(output.as_bytes())),
            other => Self::without_answer(other),
        }
    }

    /// With the whole answer.
    pub(crate) fn whole(answer: Result<ZomeCallResponse, ApiError>) -> Self {
        match answer {
            Ok(ZomeCallResponse::Ok(output)) => Self::Answered(Payload::Whole(output.into_vec())),
            other => Self::without_answer(&other),
        }
    }

    /// How many bytes it holds.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Answered(payload) => payload.bytes(),
            Self::Failed { text, .. } | Self::NotRun(text) => text.len(),
            Self::Abandoned => 0,
        }
    }

    fn without_answer(answer: &Result<ZomeCallResponse, ApiError>) -> Self {
        let failed =
            |kind, text: &dyn std::fmt::Display| Self::Failed { kind, text: text.to_string(), place: None };
        match answer {
            Ok(ZomeCallResponse::Unauthorized(why, _, zome, function)) => failed(
                FailureKind::Unauthorized,
                &format_args!("the caller may not call {function} of {zome}: {why:?}"),
            ),
            Ok(other) => failed(FailureKind::Unauthorized, other),
            Err(ApiError::ConductorError(error)) => Self::NotRun(error.to_string()),
            Err(ApiError::CellError(error @ CellError::Removed(_))) => {
                failed(FailureKind::CellRemoved, error)
            }
            Err(ApiError::CellError(CellError::RibosomeError(error))) => {
                ribosome(error, FailureKind::BeforeCommit)
            }
            Err(ApiError::CellError(CellError::WorkflowError(error))) => match &**error {
                // Of a validation or of a commit: which of them, the error does not tell.
                WorkflowError::RibosomeError(error) => ribosome(error, FailureKind::Conductor),
                WorkflowError::SourceChainError(SourceChainError::InvalidCommit(why)) => {
                    failed(FailureKind::InvalidCommit, why)
                }
                WorkflowError::SourceChainError(error @ SourceChainError::IncompleteCommit(_)) => {
                    failed(FailureKind::IncompleteCommit, error)
                }
                WorkflowError::SourceChainError(SourceChainError::HeadMoved(..)) => {
                    failed(FailureKind::ChainMoved, &"the source chain head has moved")
                }
                other => failed(FailureKind::Conductor, other),
            },
            Err(error @ ApiError::CellError(CellError::InitFailed(_))) => {
                failed(FailureKind::BeforeCommit, error)
            }
            Err(other) => failed(FailureKind::Conductor, other),
        }
    }
}

/// `other` is what errors are that have no kind of their own.
fn ribosome(error: &RibosomeError, other: FailureKind) -> Outcome {
    let (kind, text, place) = match error {
        RibosomeError::WasmRuntimeError(RuntimeError::User(error) | RuntimeError::Earlier(error)) => {
            wasm(error, other)
        }
        RibosomeError::ZomeFnNotExists(zome, function) => {
            (FailureKind::NoFunction, format!("{zome} has no function {function}"), None)
        }
        RibosomeError::ConductorApiError(error) => (FailureKind::NoFunction, error.to_string(), None),
        error => (other, error.to_string(), None),
    };
    Outcome::Failed { kind, text, place }
}

fn wasm(
    WasmError { module_path, line, error }: &WasmError,
    other: FailureKind,
) -> (FailureKind, String, Option<String>) {
    match error {
        WasmErrorInner::Guest(text) => {
            (FailureKind::Zome, text.clone(), Some(format!("{module_path}:{line}")))
        }
        WasmErrorInner::Host(text) => (other, text.clone(), None),
        // Bytes say nothing to a reader.
        WasmErrorInner::Deserialize(_) => {
            (FailureKind::Zome, "the argument is not what the function takes".to_owned(), None)
        }
        error => (other, format!("{error:?}"), None),
    }
}
