//! Cuts the link at exact frames while the conductor lives.
//!
//! A second connection goes through a proxy. Its first link is whole: the connection reads the app over it. From then
//! on links alternate: an odd one carries one call and is cut during it by the script; the even one after it is whole,
//! so that the call can end there, and is then cut to get the next one.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use ham::PersistentHam;
use ham_testkit::chaos::{Direction, EndCause, Event, Fault, Proxy};
use ham_testkit::events::Events;

use super::caller::Caller;
use super::error::DemoError;
use super::ledger::Ledger;
use super::meter::Meter;
use super::options::DemoOptions;
use super::progress::Progress;
use super::report::PlaceReport;
use super::script::{Cut, REQUEST, script};
use super::signals::Follower;
use super::stage::Stage;
use super::told::Ending;
use super::wait::within;

/// How long to wait for the signal of a call that arrived before the next cut, so that it does not fall among that
/// cut's frames. A call that never commits costs this once; the chain reveals it in the end.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(5);

/// Cuts as often as the options say, and reports by place.
pub(super) async fn run(
    stage: &Stage,
    ledger: &Ledger,
    meter: &Meter,
    follower: &Follower,
    options: &DemoOptions,
    progress: &(impl Fn(Progress) + Send + Sync),
) -> Result<BTreeMap<String, PlaceReport>, DemoError> {
    let cuts = script(options.cuts);
    let mut places = BTreeMap::<String, PlaceReport>::new();
    if cuts.is_empty() {
        return Ok(places);
    }
    let faults: Vec<Fault> = cuts.iter().zip(0..).map(|(cut, number)| cut.fault(scripted(number))).collect();
    let proxy = Proxy::start_with(stage.app_address().await?, faults).await.map_err(DemoError::Proxy)?;
    let ham = stage.connect_through(proxy.address())?;
    let mut cutter =
        Cutter { stage, ledger, meter, follower, tape: Tape::new(proxy.events()), proxy: &proxy, ham: &ham };
    cutter.read_the_app().await?;
    for (cut, number) in cuts.iter().zip(0..) {
        let (ending, resumed) = cutter.cut(cut, number).await?;
        places.entry(cut.to_string()).or_default().count(ending, resumed);
        progress(Progress::Cut {
            cut: number + 1,
            of: options.cuts,
            place: cut.to_string(),
            ending: ending.label().to_owned(),
        });
    }
    within("end of the second connection", ham.close()).await?;
    drop(ham);
    within("end of the proxy", proxy.stop()).await?;
    Ok(places)
}

/// The link that carries a cut's call. The one after it is whole.
fn scripted(cut: u32) -> u64 {
    u64::from(cut) * 2 + 1
}

/// What one cut needs.
struct Cutter<'a> {
    stage: &'a Stage,
    ledger: &'a Ledger,
    meter: &'a Meter,
    follower: &'a Follower,
    proxy: &'a Proxy,
    ham: &'a PersistentHam,
    tape: Tape,
}

impl Cutter<'_> {
    /// Makes the connection learn its app, so that from now on a call is one request, and leaves the next link fresh.
    async fn read_the_app(&mut self) -> Result<(), DemoError> {
        self.ham.app_info().await.map_err(DemoError::calling("read the app through the proxy"))?;
        self.next_after(0).await
    }

    /// Cuts a whole link.
    async fn next_after(&mut self, link: u64) -> Result<(), DemoError> {
        self.proxy.cut_now();
        self.tape.until("end of a whole link", |tape| tape.link(link).ended.is_some()).await
    }

    /// Makes one call, has its link cut during it, and leaves the next link fresh.
    async fn cut(&mut self, cut: &Cut, number: u32) -> Result<(Ending, bool), DemoError> {
        let (link, next) = (scripted(number), scripted(number) + 1);
        self.tape.until("fresh link", |tape| tape.link(link).welcomed).await?;
        let (call_id, cell) = (self.ledger.open(), &self.stage.cells[0]);
        let caller = Caller { ham: self.ham, cell, meter: self.meter };
        let told = within("end of a cut call", caller.make(cut.call, call_id.clone())).await??;
        self.tape.until("cut", |tape| tape.link(link).ended.is_some()).await?;
        self.tape.until("link after the cut", |tape| tape.link(next).welcomed).await?;
        if !self.tape.link(link).struck {
            let why = format!("link {link} ended by itself: {:?}", self.tape.link(link).ended);
            return Err(DemoError::OffScript { cut: number, why });
        }
        let ending = told.ending();
        let resumed = ending.is_answer() && self.tape.link(next).requests > 0;
        self.ledger.close(call_id.clone(), cut.call, told, resumed);
        let arrived = self.tape.link(link).requests > 0 || resumed;
        if cut.call.kind.writes() && arrived && !matches!(ending, Ending::Refused { .. }) {
            // Running out of time is not a failure: see COMMIT_TIMEOUT.
            let _ = tokio::time::timeout(COMMIT_TIMEOUT, self.follower.until_committed(&call_id)).await;
        }
        self.next_after(next).await?;
        Ok((ending, resumed))
    }
}

impl PlaceReport {
    fn count(&mut self, ending: Ending, resumed: bool) {
        self.cuts += 1;
        self.resumed += u32::from(resumed);
        match ending {
            Ending::Ok | Ending::Refused { .. } => self.answered += 1,
            Ending::NotRun => self.not_run += 1,
            Ending::Unknown => self.unknown += 1,
            Ending::Arrived => self.arrived += 1,
        }
    }
}

/// What the proxy reported so far.
struct Tape {
    events: Events<Event>,
    links: HashMap<u64, ProxiedLink>,
}

/// One proxied link.
#[derive(Clone, Copy, Debug, Default)]
struct ProxiedLink {
    /// The app info was passed on: the client is live or about to be.
    welcomed: bool,
    /// Whole requests that were passed on after the handshake.
    requests: u32,
    /// Its fault struck.
    struck: bool,
    ended: Option<EndCause>,
}

impl Tape {
    fn new(events: Events<Event>) -> Self {
        Self { events, links: HashMap::new() }
    }

    fn link(&self, number: u64) -> ProxiedLink {
        self.links.get(&number).copied().unwrap_or_default()
    }

    /// Reads on until it holds.
    async fn until(&mut self, awaited: &'static str, holds: impl Fn(&Self) -> bool) -> Result<(), DemoError> {
        while let Some(event) = self.events.try_next() {
            self.take(&event);
        }
        within(awaited, async {
            while !holds(self) {
                let event = self.events.next().await;
                self.take(&event);
            }
        })
        .await
    }

    fn take(&mut self, event: &Event) {
        match *event {
            Event::Ended { connection, cause } => {
                self.links.entry(connection).or_default().ended = Some(cause)
            }
            Event::Faulted { connection, .. } => self.links.entry(connection).or_default().struck = true,
            Event::Frame { connection, direction: Direction::ToClient, frame: 0, .. } => {
                self.links.entry(connection).or_default().welcomed = true;
            }
            Event::Frame { connection, direction: Direction::ToServer, frame, .. } if frame >= REQUEST => {
                self.links.entry(connection).or_default().requests += 1;
            }
            _ => {}
        }
    }
}
