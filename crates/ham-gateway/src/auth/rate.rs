//! How much a key may ask for: how often, and how much at a time.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A number of requests per second or per minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    requests: NonZeroU32,
    minute: bool,
}

impl Rate {
    /// The rate of the operations listener, which has no keys.
    pub(super) const OPERATIONS: Self =
        Self { requests: NonZeroU32::new(100).expect("100 is not 0"), minute: false };

    /// Reads `50/s` or `600/m`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (requests, period) = text.split_once('/')?;
        let minute = match period.trim() {
            "s" => false,
            "m" => true,
            _ => return None,
        };
        Some(Self { requests: requests.trim().parse().ok()?, minute })
    }

    /// Two seconds' worth may come at once.
    fn quota(self) -> governor::Quota {
        if self.minute {
            let burst = NonZeroU32::new(self.requests.get() / 30).unwrap_or(NonZeroU32::MIN);
            governor::Quota::per_minute(self.requests).allow_burst(burst)
        } else {
            governor::Quota::per_second(self.requests).allow_burst(self.requests.saturating_mul(TWO))
        }
    }
}

/// What one key uses up.
pub(crate) struct Quota {
    rate: Option<(Rate, DefaultDirectRateLimiter)>,
    calls: Arc<Semaphore>,
    concurrent: usize,
}

impl Quota {
    pub(crate) fn new(rate: Option<Rate>, concurrent: usize) -> Self {
        Self {
            rate: rate.map(|rate| (rate, RateLimiter::direct(rate.quota()))),
            calls: Arc::new(Semaphore::new(concurrent)),
            concurrent,
        }
    }

    /// One more request.
    pub(crate) fn ask(&self) -> Result<(), Refused> {
        let Some((rate, limiter)) = &self.rate else { return Ok(()) };
        limiter.check().map_err(|until| Refused {
            why: format!(
                "more than {} requests {}",
                rate.requests,
                if rate.minute { "a minute" } else { "a second" }
            ),
            after: until.wait_time_from(DefaultClock::default().now()),
            policy: Some(format!("\"key\";q={};w={}", rate.requests, if rate.minute { 60 } else { 1 })),
        })
    }

    /// Takes a place for one more call, for as long as the returned permit is held.
    pub(crate) fn call(&self) -> Result<OwnedSemaphorePermit, Refused> {
        Arc::clone(&self.calls).try_acquire_owned().map_err(|_| Refused {
            why: format!("more than {} calls at a time", self.concurrent),
            after: Duration::from_secs(1),
            policy: None,
        })
    }
}

/// A key has asked for too much.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) why: String,
    pub(crate) after: Duration,
    /// The policy, in the form of `RateLimit-Policy`.
    pub(crate) policy: Option<String>,
}

const TWO: NonZeroU32 = NonZeroU32::new(2).expect("2 is not 0");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_and_others_are_not() {
        assert_eq!(Rate::parse("50/s"), Some(Rate { requests: NonZeroU32::new(50).unwrap(), minute: false }));
        assert!(Rate::parse(" 600 / m").is_some_and(|rate| rate.minute));
        for text in ["", "50", "0/s", "50/h", "-1/s", "s/50"] {
            assert_eq!(Rate::parse(text), None, "{text}");
        }
    }

    #[test]
    fn beyond_its_quota_a_key_is_told_when_to_come_back() {
        let quota = Quota::new(Rate::parse("1/s"), 1);
        assert!(quota.ask().is_ok() && quota.ask().is_ok());
        let refused = quota.ask().unwrap_err();
        assert!(refused.after > Duration::ZERO && refused.after <= Duration::from_secs(1), "{refused:?}");
        let held = quota.call().unwrap();
        assert!(quota.call().is_err());
        drop(held);
        assert!(quota.call().is_ok());
    }
}
