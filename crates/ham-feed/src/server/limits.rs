//! The bounds of a server, unless its configuration says otherwise.

use std::num::NonZeroUsize;
use std::time::Duration;

/// One second at a thousand messages a second; a subscriber that is further behind is better told so.
pub const DEFAULT_SUBSCRIBER_QUEUE: NonZeroUsize = NonZeroUsize::new(1024).expect("1024 is not zero");

/// 16 MiB: the largest message that this crate's client takes by default ([`DEFAULT_MAX_MESSAGE_SIZE`](crate::DEFAULT_MAX_MESSAGE_SIZE)).
pub const DEFAULT_SUBSCRIBER_QUEUE_BYTES: usize = 16 << 20;

/// 1,024 messages per chain: ten seconds at a hundred a second, in which most links come back.
pub const DEFAULT_HISTORY: usize = 1024;

/// 64 MiB: a thousand messages of 1 KiB for sixty chains.
pub const DEFAULT_HISTORY_BYTES: usize = 64 << 20;

/// As many sockets as a process gets once a common limit of open files is doubled.
pub const DEFAULT_MAX_CONNECTIONS: NonZeroUsize = NonZeroUsize::new(10_000).expect("10000 is not zero");

/// More chains than a person looks at; few enough that a connection cannot fill the memory with them.
pub const DEFAULT_MAX_SUBSCRIPTIONS: NonZeroUsize = NonZeroUsize::new(256).expect("256 is not zero");

/// 16 KiB: a subscription names a chain and a type.
pub const DEFAULT_MAX_REQUEST_SIZE: usize = 16 << 10;

/// 256 bytes: a name that people read. For each subscription, a connection can make the server keep this, twice.
pub const DEFAULT_MAX_NAME: usize = 256;

/// Short enough for the usual 60 s idle timers of proxies.
pub const DEFAULT_SERVER_PING_INTERVAL: Duration = Duration::from_secs(30);

/// No network path in use takes that long.
pub const DEFAULT_SERVER_PING_TIMEOUT: Duration = Duration::from_secs(10);
