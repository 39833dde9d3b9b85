//! The process that is killed: an outbox, on a connection of its own.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use ham::{
    AppInterface, CallError, CallOptions, ClientKeySigning, Effect, Outcome, PersistentHam,
    PersistentHamConfig, ResetRule, RetryDelay, Signing, default_retry,
};
use ham_gateway::outbox::{
    CallId, Followed, Following, Limits, Lost, OpenCalls, Outbox, OutboxConfig, Store, Stored, Submission,
    Submitted, catching_lost, remember_lost,
};
use ham_gateway::{KeyFate, Kind, OutcomeWord};
use ham_persistent::WallClock;
use holochain_zome_types::prelude::ExternIO;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::time::Instant;

use crate::gateway::TIMEOUT;
use crate::job::{APP, Ask, Job, OWNER, SETUP, Say, Setup, Told, Way};
use crate::stage::ROLES;

/// For what ends when its caller stops to wait.
const GRACE: Duration = Duration::from_millis(250);

/// What the other tests start and kill. By itself it is nothing.
#[test]
#[ignore = "it is started by the others"]
fn gateway() {
    let Ok(setup) = std::env::var(SETUP) else { return };
    let setup: Setup = serde_json::from_str(&setup).unwrap();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(serve(setup));
}

#[derive(Debug)]
struct Ahead(Duration);

impl WallClock for Ahead {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> SystemTime {
        SystemTime::now() + self.0
    }
}

async fn serve(setup: Setup) {
    let clock = Arc::new(Ahead(Duration::from_secs(setup.ahead_s)));
    let ham = PersistentHam::start(config(&setup, &clock)).unwrap();
    let config = OutboxConfig::default()
        .with_linger(Duration::from_millis(setup.linger_ms))
        .with_answer_within(Duration::from_millis(setup.answer_within_ms))
        .with_wall_clock(clock);
    let opened = Store::open(&setup.state.join("outbox.redb"), Limits::default()).unwrap();
    let outbox = Outbox::start(config, opened, BTreeMap::from([(APP.to_owned(), ham.clone())]));
    if !setup.without_link {
        for role in ROLES {
            // So that a call is signed and sent at once.
            ham.wait_until_callable(role, TIMEOUT, |_| ()).await.unwrap();
        }
    }
    say(&Say::Ready);
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        match serde_json::from_str(&line).unwrap() {
            Ask::Make(job) => {
                let (ham, outbox) = (ham.clone(), outbox.clone());
                #[expect(clippy::disallowed_methods, reason = "it ends with the process")]
                drop(tokio::spawn(async move { make(&ham, &outbox, job).await }));
            }
            Ask::Settle => {
                let outbox = outbox.clone();
                #[expect(clippy::disallowed_methods, reason = "it ends with the process")]
                drop(tokio::spawn(async move {
                    let mut tick = tokio::time::interval(Duration::from_millis(20));
                    for nth in 0_u64.. {
                        let OpenCalls { queued, signed, fencing, oldest, .. } = outbox.open_calls();
                        if oldest.is_none() {
                            break;
                        }
                        // After hundreds of kills it takes minutes.
                        if nth % 250 == 249 {
                            say(&Say::Left(queued + signed + fencing));
                        }
                        tick.tick().await;
                    }
                    say(&Say::Settled);
                }));
            }
            Ask::Look { job, call } => {
                let id = CallId::parse(&call).unwrap();
                let told = match outbox.follow(id, Some(OWNER)).unwrap() {
                    Some(mut following) => told(following.until(Instant::now()).await),
                    None => Told::Gone,
                };
                say(&Say::Told { job, told });
            }
        }
    }
}

fn config(setup: &Setup, clock: &Arc<Ahead>) -> PersistentHamConfig {
    let retry = match default_retry() {
        // Kills come faster than what it takes for a link to count as one that lasted.
        RetryDelay::Exponential(exponential) => exponential.with_reset(ResetRule::OnConnect).into(),
        fixed => fixed,
    };
    let keys = ClientKeySigning::default().with_store(setup.state.join("credentials"));
    PersistentHamConfig::local(setup.admin_port, APP)
        .with_app(AppInterface::Url(setup.app.parse().unwrap()))
        .with_signing(Signing::ClientKeys(keys))
        .with_retry(retry)
        .with_wall_clock(clock.clone())
        .with_on_unknown(remember_lost)
}

async fn make(ham: &PersistentHam, outbox: &Outbox, job: Job) {
    let (function, payload) = match job.millis {
        Some(millis) => ("slow_create", json!({ "call_id": job.id, "millis": millis })),
        None => ("create_item", json!({ "call_id": job.id, "body": "body" })),
    };
    let payload = ExternIO::encode(payload).unwrap();
    let within = Duration::from_millis(job.within_ms);
    if job.way == Way::Direct {
        let options =
            CallOptions::default().with_deadline(within).with_nonce_life(Duration::from_secs(2_700));
        let call = ham.call_zome_raw(job.role.as_str(), "probe", function, payload, options);
        let told = match catching_lost(call).await {
            (Ok(_), _) => Told::Answered,
            (Err(error), lost) => match (error.outcome(), lost) {
                (Outcome::NotRun, _) => Told::NotRun,
                (Outcome::Answered, _) if error.effect() == Effect::Nothing => Told::Failed,
                (Outcome::Answered, _) => panic!("{}: {error}", job.id),
                (Outcome::Arrived { .. }, _) => Told::Arrived,
                (Outcome::Unknown, Some(signed)) => {
                    let lost = Lost { api_key: OWNER.into(), app: APP.into(), role: job.role, signed };
                    match outbox.adopt(lost).await {
                        Ok(following) => {
                            say(&Say::Named { job: job.id.clone(), call: following.id().to_string() });
                            Told::Open
                        }
                        Err(_) => Told::Unknown,
                    }
                }
                (Outcome::Unknown, None) => unknown(&error),
            },
        };
        say(&Say::Told { job: job.id, told });
        return;
    }
    let submission = Submission {
        api_key: OWNER.into(),
        key: job.id.clone(),
        app: APP.into(),
        role: job.role,
        zome: "probe".into(),
        function: function.into(),
        read_only: false,
        retry_chain_moved: false,
        payload: payload.0,
        deliver_within: within,
        in_background: job.way == Way::Background,
    };
    let name = |following: &Following| {
        say(&Say::Named { job: job.id.clone(), call: following.id().to_string() });
        if job.way == Way::Background {
            say(&Say::Accepted { job: job.id.clone() });
        }
    };
    let told = match outbox.submit(submission).await {
        Ok(Submitted::New(mut following) | Submitted::Joined(mut following)) => {
            name(&following);
            told(following.until(Instant::now() + within + GRACE).await)
        }
        Ok(Submitted::Replayed(call)) => of_answer(call.answer.as_ref().unwrap()),
        Err(_) => Told::Refused,
    };
    say(&Say::Told { job: job.id, told });
}

fn unknown(error: &CallError) -> Told {
    panic!("a call was lost, and its hook heard nothing of it: {error}")
}

fn told(followed: Followed) -> Told {
    match followed {
        Followed::Settled(call) => of_answer(call.answer.as_ref().unwrap()),
        Followed::Open => Told::Open,
        Followed::Refused(_) => Told::Refused,
    }
}

fn of_answer(answer: &Stored) -> Told {
    match (answer.outcome(), answer.key()) {
        (OutcomeWord::Answered, _) => match answer {
            Stored::Output(_) => Told::Answered,
            Stored::Problem { told, .. } if told.kind == Kind::ChainMoved => Told::Failed,
            _ => panic!("nothing here is refused otherwise: {answer:?}"),
        },
        (OutcomeWord::Arrived, _) => Told::Arrived,
        (OutcomeWord::Unknown, _) => Told::Unknown,
        (OutcomeWord::NotRun, KeyFate::Released) => Told::NotRun,
        (OutcomeWord::NotRun, _) => panic!("the key of a call that did not run is free: {answer:?}"),
    }
}

/// Whole lines, also where the process is killed.
fn say(line: &Say) {
    static TURN: Mutex<()> = Mutex::new(());
    let text = format!("{}\n", serde_json::to_string(line).unwrap());
    let _turn = TURN.lock().unwrap();
    std::io::stdout().write_all(text.as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}
