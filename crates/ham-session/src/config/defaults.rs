//! The default numbers of a session, each with its reason.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

/// A dial across a continent takes well under a second; ten seconds survive a lost packet or two in each step.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Frequent enough to stay clear of the usual 60 s idle timers of proxies and address translators.
pub const DEFAULT_PING_INTERVAL: Duration = Duration::from_secs(30);

/// No network path in use takes that long for a ping; together with the interval it bounds how long a dead peer goes unnoticed.
pub const DEFAULT_PING_TIMEOUT: Duration = Duration::from_secs(10);

/// 4 KiB a second, less than a modem: a path that slow carries no request within any deadline, but the largest message, 64 MiB, may
/// still take four and a half hours on it.
pub const DEFAULT_LEAST_RATE: NonZeroU64 = NonZeroU64::new(4 << 10).expect("4096 is not zero");

/// Five minutes: longer than a working peer takes to answer, so that a busy peer is not asked again while it is at work; yet a link
/// on which no request can leave is not kept for ever.
pub const DEFAULT_STUCK_TIMEOUT: Duration = Duration::from_secs(300);

/// Longer than requests take on a healthy peer, shorter than a person waits before asking what is wrong.
pub const DEFAULT_DEGRADED_AFTER: Duration = Duration::from_secs(30);

/// Enough to fill a fast peer; a peer with its own limit gets a lower number from its protocol's client.
pub const DEFAULT_MAX_IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(1024).expect("1024 is not zero");

/// One more window: a burst of twice the window is absorbed, a lasting overload is reported.
pub const DEFAULT_MAX_WAITING: usize = 1024;

/// 64 MiB: one of the largest messages, or a thousand of 64 KiB.
pub const DEFAULT_MAX_WAITING_BYTES: usize = 64 << 20;

/// 64 MiB: what a Holochain conductor accepts as one message.
pub const DEFAULT_MAX_MESSAGE_SIZE: usize = 64 << 20;

/// 64 MiB: a message may come in one frame.
pub const DEFAULT_MAX_FRAME_SIZE: usize = 64 << 20;

/// 128 KiB: one write of that size costs few system calls and still fits the socket's buffer.
pub const DEFAULT_WRITE_COALESCING: usize = 128 << 10;

/// Long enough for ordinary calls to finish, short enough for a service manager's patience.
pub const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// A peer that is there answers a close frame in a round trip.
pub const DEFAULT_CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
