//! One call, from its arguments to an outcome that is true.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ham_session::{LinkEnd, Phase, RequestError};
use holochain_nonce::Nonce256Bits;
use holochain_zome_types::cell::CellId;
use holochain_zome_types::prelude::{
    AgentPubKey, ExternIO, FunctionName, Signature, Timestamp, ZomeCallParams, ZomeName,
};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::cell::CallTarget;
use crate::conductor::Request;
use crate::config::{DEFAULT_REPEATS, MAX_NONCE_LIFE};
use crate::error::{CallError, Outcome, SigningError, from_request};
use crate::persistent::Shared;
use crate::signing::Credentials;
use crate::wire::{self, BadAnswer, NotRunning, Stage, Verdict};
use crate::{events, metrics as names};

/// What happens to a call whose link dies under it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallPolicy {
    /// It fails at once, with [`Outcome::Unknown`] if it was sent.
    FailFast,
    /// The same signed bytes are sent on the next link. The conductor runs them at most once.
    #[default]
    Resume,
    /// The caller declares the call idempotent: it is signed anew and may run up to `times` + 1 times.
    Repeat {
        /// How often it is signed anew.
        times: u32,
    },
}

impl CallPolicy {
    /// [`Repeat`](Self::Repeat) with [`DEFAULT_REPEATS`].
    pub const IDEMPOTENT: Self = Self::Repeat { times: DEFAULT_REPEATS };
}

/// How one call is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallOptions {
    /// How long it may take, waiting, signing, sending and resuming included; `None` for the connection's default.
    pub deadline: Option<Duration>,
    /// What happens when the link dies under it.
    pub policy: CallPolicy,
}

impl CallOptions {
    /// How long the call may take in all.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// What happens when the link dies under the call.
    #[must_use]
    pub fn with_policy(mut self, policy: CallPolicy) -> Self {
        self.policy = policy;
        self
    }
}

/// A call that is signed and not yet settled. It can be written to a journal before it is sent and sent again, by this
/// process or a later one, until it expires: the conductor runs it at most once.
///
/// Holds the capability secret where client keys sign: keep a journal as private as the keys. `Debug` shows neither.
#[derive(Clone, Serialize, Deserialize)]
pub struct SignedCall {
    target: CallTarget,
    cell_id: CellId,
    zome: String,
    function: String,
    provenance: AgentPubKey,
    #[serde(with = "serde_bytes")]
    nonce: [u8; 32],
    expires_at: Timestamp,
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
    signature: Signature,
    /// Whether these bytes may have been sent. One that was read from a journal may have been, by the process that
    /// wrote it.
    #[serde(skip, default = "may_have_been_sent")]
    sent: Arc<AtomicBool>,
}

fn may_have_been_sent() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(true))
}

impl SignedCall {
    /// The role, clone or cell it was addressed to.
    pub fn target(&self) -> &CallTarget {
        &self.target
    }

    /// The called cell.
    pub fn cell_id(&self) -> &CellId {
        &self.cell_id
    }

    /// The called zome and function.
    pub fn function(&self) -> (&str, &str) {
        (&self.zome, &self.function)
    }

    /// When the nonce expires, by the conductor's clock: the call cannot start after it.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    fn label(&self) -> String {
        format!("{}/{}/{}", self.target, self.zome, self.function)
    }

    pub(crate) fn request(&self) -> Result<Request, CallError> {
        Request::call_zome(&self.bytes, &self.signature).map_err(CallError::Encode)
    }
}

impl fmt::Debug for SignedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedCall")
            .field("target", &format_args!("{}", self.target))
            .field("zome", &self.zome)
            .field("function", &self.function)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A call that ended without an answer, for the hook that reconciles it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UnknownCall {
    /// The call, which can be resumed or fenced while it lives.
    pub call: SignedCall,
    /// What is known.
    pub outcome: Outcome,
    /// Why no more is.
    pub error: CallError,
}

/// Called once for every call that ends as [`Outcome::Unknown`] or [`Outcome::Arrived`]. Must not block.
pub type OnUnknown = Arc<dyn Fn(&UnknownCall) + Send + Sync>;

/// What burning a nonce showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fenced {
    /// The nonce was free and is burnt now: the call never ran and never will.
    NeverRan,
    /// The call had arrived before: it ran, was refused, failed, or is running. Reconcile.
    Arrived,
    /// The nonce had expired: the call cannot start any more; whether it ran is for the chain to tell.
    TooLate,
    /// An earlier fence of this very request was lost, so the nonce is burnt, by the fence or by the call: it cannot
    /// start any more; whether it ran is for the chain to tell.
    Ambiguous,
}

/// How many links a call may be lost with before it is taken for their cause: a call that kills every link it is sent on
/// must not take all others down until its deadline.
pub const MAX_RESUMES: u32 = 32;

/// The pauses between sendings while a cell starts: short while a boot is on, long for a cell that does not start.
fn start_pause(waited: Duration) -> Duration {
    if waited < START_EAGER { START_PAUSE } else { START_PAUSE_LONG }
}

/// While a conductor boots, cells run about 0.3 s after its port accepts.
const START_PAUSE: Duration = Duration::from_millis(25);
/// For how long the short pause holds.
const START_EAGER: Duration = Duration::from_secs(3);
/// The pause after that.
const START_PAUSE_LONG: Duration = Duration::from_millis(500);

/// What is to be called.
pub(crate) struct CallPlan {
    pub(crate) target: CallTarget,
    pub(crate) zome: String,
    pub(crate) function: String,
    pub(crate) payload: ExternIO,
}

/// The state of one call across its sendings.
struct Sending<'a> {
    call: &'a SignedCall,
    /// How the link ended that carried a sending whose fate is unknown.
    lost_on: Option<Arc<LinkEnd>>,
    /// How many links carried a sending to their end.
    losses: u32,
    /// The same bytes may have left before this process or this run.
    sent_before: bool,
    began: Instant,
    deadline: Instant,
}

impl Sending<'_> {
    fn sent(&self) -> bool {
        self.sent_before || self.lost_on.is_some()
    }

    /// The error of a sending that never left, after others may have: it must not hide them.
    fn never_left(&self, error: CallError) -> CallError {
        match &self.lost_on {
            Some(end) => CallError::LinkLost { end: end.clone(), sent: true },
            None if self.sent_before => {
                CallError::TimedOut { target: self.call.label(), after: self.began.elapsed(), sent: true }
            }
            None => error,
        }
    }
}

/// What an answer means for the call.
enum Judgement {
    Settled(CallError),
    /// The cell is starting: send the same bytes again.
    Starting,
}

impl Shared {
    /// Signs a call whose nonce lives for the deadline and the skew margin.
    pub(crate) async fn sign(&self, plan: &CallPlan, deadline: Instant) -> Result<SignedCall, CallError> {
        let cell_id = self.resolve(&plan.target, deadline).await?;
        if !self.signer.is_ready(&cell_id) {
            // A grant needs a running cell: say what is missing in those terms.
            self.check_enabled(&plan.target, deadline).await?;
        }
        let credentials = self.signer.credentials(&cell_id, deadline).await?;
        let life = deadline.saturating_duration_since(Instant::now()) + self.config.skew_margin;
        let expires_at = self.wall_time(life)?;
        let (nonce, _) = holochain_nonce::fresh_nonce(Timestamp::from_micros(0))
            .map_err(|error| SigningError::NoKey(format!("the system gives no randomness: {error}")))?;
        let params = ZomeCallParams {
            provenance: credentials.provenance.clone(),
            cell_id,
            zome_name: ZomeName::from(plan.zome.as_str()),
            fn_name: FunctionName::from(plan.function.as_str()),
            cap_secret: credentials.cap_secret,
            payload: plan.payload.clone(),
            nonce,
            expires_at,
        };
        self.seal(plan.target.clone(), params, &credentials, deadline).await
    }

    async fn seal(
        &self,
        target: CallTarget,
        params: ZomeCallParams,
        credentials: &Credentials,
        deadline: Instant,
    ) -> Result<SignedCall, CallError> {
        let (bytes, hash) =
            params.serialize_and_hash().map_err(|error| SigningError::Encode(error.to_string()))?;
        let signature = self.signer.sign(credentials, hash, deadline).await?;
        Ok(SignedCall {
            target,
            cell_id: params.cell_id,
            zome: params.zome_name.0.into_owned(),
            function: params.fn_name.0,
            provenance: params.provenance,
            nonce: params.nonce.into_inner(),
            expires_at: params.expires_at,
            bytes,
            signature,
            sent: Arc::default(),
        })
    }

    /// The wall-clock time `life` from now.
    fn wall_time(&self, life: Duration) -> Result<Timestamp, CallError> {
        if life > MAX_NONCE_LIFE {
            return Err(CallError::DeadlineTooLong {
                deadline: life.saturating_sub(self.config.skew_margin),
                limit: MAX_NONCE_LIFE.saturating_sub(self.config.skew_margin),
            });
        }
        Ok(timestamp(self.config.wall_clock.now() + life))
    }

    /// Signs a call and sends it until it is settled.
    pub(crate) async fn call(&self, plan: &CallPlan, options: CallOptions) -> Result<ExternIO, CallError> {
        let began = Instant::now();
        let deadline = began + options.deadline.unwrap_or(self.config.deadline);
        tracing::debug!(event = events::CALL_ZOME, role_name = %plan.target, zome_name = plan.zome, fn_name = plan.function);
        let mut repeats = match options.policy {
            CallPolicy::Repeat { times } => times,
            CallPolicy::FailFast | CallPolicy::Resume => 0,
        };
        loop {
            let signed = match self.sign(plan, deadline).await {
                Ok(signed) => signed,
                Err(error) => return self.finish(began, None, Err(error)),
            };
            let resume = options.policy == CallPolicy::Resume;
            let result = self.run(&signed, resume, deadline).await;
            let lost = matches!(&result, Err(CallError::LinkLost { .. }));
            if lost && repeats > 0 && Instant::now() < deadline {
                repeats -= 1;
                continue;
            }
            return self.finish(began, Some(&signed), result);
        }
    }

    /// Sends a call that was signed earlier, by this process or another.
    pub(crate) async fn send_signed(
        &self,
        call: &SignedCall,
        options: CallOptions,
    ) -> Result<ExternIO, CallError> {
        let began = Instant::now();
        let deadline = began + options.deadline.unwrap_or(self.config.deadline);
        let resume = options.policy != CallPolicy::FailFast;
        let result = self.run(call, resume, deadline).await;
        self.finish(began, Some(call), result)
    }

    /// Sends the same bytes until they are settled.
    async fn run(&self, call: &SignedCall, resume: bool, deadline: Instant) -> Result<ExternIO, CallError> {
        self.breakers.admit(&call.cell_id)?;
        let began = Instant::now();
        let request = call.request()?;
        let sent_before = call.sent.swap(true, Ordering::Relaxed);
        let mut sending = Sending { call, lost_on: None, losses: 0, sent_before, began, deadline };
        loop {
            let link = match self.link(deadline).await {
                Ok(link) => link,
                Err(error) => return Err(sending.never_left(error)),
            };
            if sending.sent() {
                if timestamp(self.config.wall_clock.now()) >= call.expires_at {
                    return Err(CallError::Expired);
                }
                tracing::info!(event = events::CALL_RESUMED, call = call.label());
                metrics::counter!(names::RESUMED).increment(1);
            }
            match link.request(request.again(), deadline).await {
                Ok(answer) => match wire::zome_output(answer) {
                    Ok(output) => {
                        self.breakers.relax(&call.cell_id);
                        return Ok(output);
                    }
                    Err(bad) => match self.judge(bad, &sending) {
                        Judgement::Settled(error) => return Err(error),
                        Judgement::Starting => {
                            let pause = start_pause(began.elapsed());
                            if Instant::now() + pause >= deadline {
                                return Err(self.not_running(&sending, NotRunning::NotStarted));
                            }
                            tokio::time::sleep_until(Instant::now() + pause).await;
                        }
                    },
                },
                Err(RequestError::LinkLost { phase, end }) => {
                    if phase == Phase::Sent {
                        sending.lost_on = Some(end.clone());
                        sending.losses += 1;
                    }
                    if !resume || sending.losses > MAX_RESUMES {
                        return Err(CallError::LinkLost { end, sent: sending.sent() });
                    }
                }
                Err(error @ RequestError::TimedOut { .. }) => {
                    return Err(from_request(error, &call.label(), sending.sent()));
                }
                Err(error) => {
                    return Err(sending.never_left(from_request(error, &call.label(), sending.sent())));
                }
            }
        }
    }

    fn not_running(&self, sending: &Sending<'_>, reason: NotRunning) -> CallError {
        CallError::CellNotRunning {
            role: sending.call.target.to_string(),
            reason,
            sent_before: sending.sent(),
        }
    }

    /// What a bad answer proves, given what was sent before.
    fn judge(&self, bad: BadAnswer, sending: &Sending<'_>) -> Judgement {
        let refusal = match bad {
            BadAnswer::Refused(refusal) => refusal,
            BadAnswer::Empty => return Judgement::Settled(CallError::EmptyAnswer),
            BadAnswer::Undecodable(why) => return Judgement::Settled(CallError::UnexpectedResponse(why)),
            unexpected @ BadAnswer::Unexpected { .. } => {
                return Judgement::Settled(CallError::UnexpectedResponse(unexpected.to_string()));
            }
        };
        Judgement::Settled(match refusal.verdict(&sending.call.cell_id) {
            Verdict::Duplicate => CallError::Arrived { not_started_after: sending.call.expires_at },
            Verdict::Expired | Verdict::FromTheFuture if sending.sent() => CallError::Expired,
            Verdict::Expired => CallError::ClockSkew { verdict: "expired" },
            Verdict::FromTheFuture => CallError::ClockSkew { verdict: "from the future" },
            Verdict::NotRunning(NotRunning::NotStarted) if Instant::now() < sending.deadline => {
                return Judgement::Starting;
            }
            Verdict::NotRunning(reason) => self.not_running(sending, reason),
            verdict @ (Verdict::NoSuchFunction | Verdict::NoGrant | Verdict::Other) => {
                if verdict == Verdict::NoGrant {
                    self.signer.doubt(&sending.call.cell_id);
                }
                self.breakers.note(&sending.call.cell_id, refusal.recovery());
                let unsettled = sending.sent() && refusal.stage() == Some(Stage::BeforeNonce);
                CallError::Refused { refusal, unsettled }
            }
        })
    }

    /// Records how a call ended and tells the hook of one that is not settled.
    fn finish(
        &self,
        began: Instant,
        call: Option<&SignedCall>,
        result: Result<ExternIO, CallError>,
    ) -> Result<ExternIO, CallError> {
        let outcome = result.as_ref().map_or_else(CallError::outcome, |_| Outcome::Answered);
        // Written out, because labels that the macro knows cost nothing at run time.
        match outcome {
            Outcome::Answered => metrics::counter!(names::CALLS, "outcome" => "answered"),
            Outcome::NotRun => metrics::counter!(names::CALLS, "outcome" => "not_run"),
            Outcome::Unknown => metrics::counter!(names::CALLS, "outcome" => "unknown"),
            Outcome::Arrived { .. } => metrics::counter!(names::CALLS, "outcome" => "arrived"),
        }
        .increment(1);
        metrics::histogram!(names::CALL_SECONDS).record(began.elapsed().as_secs_f64());
        if let (Err(error), Some(call), Outcome::Unknown | Outcome::Arrived { .. }) = (&result, call, outcome)
        {
            tracing::warn!(event = events::CALL_UNKNOWN, call = call.label(), %error);
            if let Some(hook) = &self.config.on_unknown {
                hook(&UnknownCall { call: call.clone(), outcome, error: error.clone() });
            }
        }
        result
    }

    /// Burns the nonce of a lost call by asking, under the same nonce, for a function that does not exist.
    pub(crate) async fn fence(
        &self,
        call: &SignedCall,
        within: Option<Duration>,
    ) -> Result<Fenced, CallError> {
        let began = Instant::now();
        let deadline = began + within.unwrap_or(self.config.deadline);
        let fence = self.sign_fence(call, deadline).await?;
        let request = fence.request()?;
        let mut lost = None;
        loop {
            let link = match (self.link(deadline).await, &lost) {
                (Ok(link), _) => link,
                (Err(_), Some(end)) => return Err(CallError::LinkLost { end: Arc::clone(end), sent: true }),
                (Err(error), None) => return Err(error),
            };
            let answer = match link.request(request.again(), deadline).await {
                Ok(answer) => answer,
                Err(RequestError::LinkLost { phase, end }) => {
                    if phase == Phase::Sent {
                        lost = Some(end);
                    }
                    continue;
                }
                Err(error) => return Err(from_request(error, &call.label(), lost.is_some())),
            };
            let sending = Sending {
                call: &fence,
                lost_on: lost.clone(),
                losses: 0,
                sent_before: false,
                began,
                deadline,
            };
            let refusal = match wire::zome_output(answer) {
                Err(BadAnswer::Refused(refusal)) => refusal,
                Err(other) => return Err(CallError::UnexpectedResponse(other.to_string())),
                Ok(_) => {
                    return Err(CallError::UnexpectedResponse(
                        "the fence's function exists and was run".into(),
                    ));
                }
            };
            return match refusal.verdict(&call.cell_id) {
                // Both are decided after the nonce was claimed, and by this fence.
                Verdict::NoSuchFunction | Verdict::NoGrant => Ok(Fenced::NeverRan),
                Verdict::Duplicate if lost.is_some() => Ok(Fenced::Ambiguous),
                Verdict::Duplicate => Ok(Fenced::Arrived),
                Verdict::Expired => Ok(Fenced::TooLate),
                Verdict::NotRunning(NotRunning::NotStarted) => {
                    tokio::time::sleep_until(deadline.min(Instant::now() + START_PAUSE)).await;
                    if Instant::now() >= deadline {
                        return Err(self.not_running(&sending, NotRunning::NotStarted));
                    }
                    continue;
                }
                Verdict::NotRunning(reason) => Err(self.not_running(&sending, reason)),
                Verdict::FromTheFuture => Err(CallError::ClockSkew { verdict: "from the future" }),
                Verdict::Other => Err(CallError::Refused { refusal, unsettled: lost.is_some() }),
            };
        }
    }

    /// The fence for a call: same agent, nonce and expiry, a function that no zome has.
    async fn sign_fence(&self, call: &SignedCall, deadline: Instant) -> Result<SignedCall, CallError> {
        let credentials = self.signer.credentials(&call.cell_id, deadline).await?;
        if credentials.provenance != call.provenance {
            return Err(SigningError::NoKey(
                "the call was signed by another key; a fence needs the same one (keep client keys in a file)"
                    .into(),
            )
            .into());
        }
        let params = ZomeCallParams {
            provenance: credentials.provenance.clone(),
            cell_id: call.cell_id.clone(),
            zome_name: ZomeName::from(call.zome.as_str()),
            fn_name: FunctionName::from(FENCE_FUNCTION),
            cap_secret: credentials.cap_secret,
            payload: ExternIO::encode(()).map_err(|error| CallError::Encode(error.to_string()))?,
            nonce: Nonce256Bits::from(call.nonce),
            expires_at: call.expires_at,
        };
        self.seal(call.target.clone(), params, &credentials, deadline).await
    }
}

/// A function that no zome exports.
pub(crate) const FENCE_FUNCTION: &str = "ham_fence_no_such_function";

fn timestamp(time: std::time::SystemTime) -> Timestamp {
    let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
