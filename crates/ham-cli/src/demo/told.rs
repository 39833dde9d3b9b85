//! What a caller was told.

use ham::{CallError, Effect, Fenced, Outcome};

/// What a caller was told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Answered, and done.
    Ok,
    /// Answered with an error; whether that error proves that nothing was written.
    Refused { nothing_written: bool },
    /// Not run, and it never will.
    NotRun,
    /// Nothing is known.
    Unknown,
    /// The conductor had it; the answer was lost.
    Arrived,
}

impl Ending {
    pub(super) fn of<T>(result: &Result<T, CallError>) -> Self {
        let Err(error) = result else { return Self::Ok };
        match error.outcome() {
            Outcome::Answered => Self::Refused { nothing_written: error.effect() == Effect::Nothing },
            Outcome::NotRun => Self::NotRun,
            Outcome::Unknown => Self::Unknown,
            Outcome::Arrived { .. } => Self::Arrived,
        }
    }

    pub(super) fn is_answer(self) -> bool {
        matches!(self, Self::Ok | Self::Refused { .. })
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Ok => "answered",
            Self::Refused { .. } => "refused",
            Self::NotRun => "not run",
            Self::Unknown => "unknown",
            Self::Arrived => "arrived",
        }
    }
}

/// Everything that was said about one call, in order: by both its senders, by the next process, by fences.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) endings: Vec<Ending>,
    pub(super) reasons: Vec<String>,
    pub(super) fences: Vec<&'static str>,
}

impl Told {
    /// The end of a call.
    pub(super) fn hear<T>(&mut self, result: &Result<T, CallError>) {
        self.endings.push(Ending::of(result));
        self.reasons.extend(result.as_ref().err().map(ToString::to_string));
    }

    /// The end of a fence. A failed fence says nothing about the call.
    pub(super) fn hear_fence<E: std::fmt::Display>(&mut self, fenced: Result<Fenced, E>) {
        let (ending, shown) = match fenced {
            Ok(Fenced::NeverRan) => (Some(Ending::NotRun), "never ran"),
            Ok(Fenced::Arrived) => (Some(Ending::Arrived), "arrived"),
            Ok(Fenced::TooLate) => (Some(Ending::Unknown), "too late"),
            Ok(Fenced::Ambiguous) => (Some(Ending::Unknown), "ambiguous"),
            Ok(_) => (Some(Ending::Unknown), "something new"),
            Err(error) => {
                self.reasons.push(error.to_string());
                (None, "failed")
            }
        };
        self.endings.extend(ending);
        self.fences.push(shown);
    }

    /// What its caller relies on: an answer, if there was one, or else the last statement.
    pub(super) fn ending(&self) -> Ending {
        let answer = self.endings.iter().find(|ending| ending.is_answer());
        answer.or(self.endings.last()).copied().unwrap_or(Ending::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_what_a_caller_goes_by_and_then_the_last_word() {
        let ending = |endings: &[Ending]| Told { endings: endings.to_vec(), ..Told::default() }.ending();
        assert_eq!(ending(&[Ending::Ok, Ending::Arrived]), Ending::Ok);
        assert_eq!(ending(&[Ending::Unknown, Ending::NotRun]), Ending::NotRun);
        assert_eq!(ending(&[]), Ending::Unknown);
    }
}
