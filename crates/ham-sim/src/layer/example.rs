//! The smallest layer: a counter with a known fault. It shows what a layer looks like, and serves to test the command.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::dice::Dice;
use crate::finding::Verdict;
use crate::history::{History, Recorder};
use crate::life::{Layer, Life};
use crate::mask::Mask;
use crate::time::pause;

/// Adds up what it is given, and breaks its promise ("never more than 9 at once") when two additions coincide.
#[derive(Debug)]
pub(crate) struct Example;

/// Its life.
#[derive(Clone, Debug)]
pub(crate) struct Additions {
    steps: Vec<Addition>,
    whole: usize,
}

/// One step.
#[derive(Clone, Copy, Debug)]
struct Addition {
    number: usize,
    after: Duration,
    amount: u64,
}

/// What happens.
#[derive(Debug, Hash)]
pub(crate) struct Added {
    amount: u64,
}

impl crate::history::Event for Added {
    fn actor(&self) -> Cow<'static, str> {
        "counter".into()
    }
}

impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "adds {}", self.amount)
    }
}

impl Life for Additions {
    fn elements(&self) -> usize {
        self.whole
    }

    fn without(&self, mask: &Mask) -> Self {
        let steps = self.steps.iter().copied().filter(|step| mask.keeps(step.number)).collect();
        Self { steps, whole: self.whole }
    }

    fn plan(&self) -> Vec<String> {
        let line = |step: &Addition| {
            format!("{:>3}  {} ms later: add {}", step.number, step.after.as_millis(), step.amount)
        };
        self.steps.iter().map(line).collect()
    }
}

impl Layer for Example {
    const NAME: &'static str = "example";
    const STATES: &'static [&'static str] = &["a large one", "a small one"];
    const BOUND: Duration = Duration::from_secs(60);
    type Life = Additions;
    type Event = Added;

    fn generate(seed: u64) -> Additions {
        let dice = Dice::new(seed);
        let whole = dice.stream("steps", 0).between(1, 20) as usize;
        let steps = (0..whole).map(|number| {
            let mut stream = dice.stream("step", number as u64);
            Addition { number, after: stream.millis(0, 100), amount: stream.between(1, 6) }
        });
        Additions { steps: steps.collect(), whole }
    }

    async fn live(life: Additions, recorder: Recorder<Added>) {
        for step in life.steps {
            pause(step.after).await;
            recorder.note(Added { amount: step.amount });
        }
    }

    fn judge(_: &Additions, history: &History<Added>, verdict: &mut Verdict) {
        for entry in &history.entries {
            verdict.reach(if entry.event.amount > 3 { "a large one" } else { "a small one" });
        }
        for (one, other) in history.entries.iter().zip(history.entries.iter().skip(1)) {
            let both = one.event.amount + other.event.amount;
            if both > 9 && one.at == other.at {
                verdict.find("nine", Some(other.at), format_args!("{both} at once"));
            }
        }
    }
}
