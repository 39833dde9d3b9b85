//! What happens to the bytes of a stream, and where.

/// What happens to one direction of a stream when a byte is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The bytes before it arrive; then both directions are reset.
    Reset,
    /// The bytes before it arrive; then the reader sees the end, and the writer a broken pipe.
    Fin,
    /// Nothing arrives for this many milliseconds.
    Stall(u64),
    /// From here on one byte arrives every 200 ms.
    Drip,
    /// From here on nothing arrives, and nobody is told.
    Hole,
    /// The lowest bit of this byte is flipped.
    Flip,
}

/// One direction of a stream.
#[derive(Clone, Debug)]
pub(crate) struct LanePlan {
    /// How many bytes can be in flight.
    pub(crate) capacity: usize,
    /// Milliseconds that each byte takes.
    pub(crate) latency: u64,
    /// How often a reader is woken in vain before it gets what came, which gives another order within a millisecond.
    pub(crate) yields: u8,
    /// In the order of their bytes.
    pub(crate) faults: Vec<(u64, Fault)>,
}

impl Default for LanePlan {
    fn default() -> Self {
        Self { capacity: 64 << 10, latency: 0, yields: 0, faults: Vec::new() }
    }
}

/// A stream, from its dial on.
#[derive(Clone, Debug, Default)]
pub(crate) struct LinkPlan {
    /// Milliseconds until the outcome of the dial is known.
    pub(crate) dial: u64,
    /// Whether the peer is there but refuses.
    pub(crate) refused: bool,
    /// Whether the dial never gets an outcome.
    pub(crate) swallowed: bool,
    /// From the client to the conductor.
    pub(crate) up: LanePlan,
    /// From the conductor to the client.
    pub(crate) down: LanePlan,
}
