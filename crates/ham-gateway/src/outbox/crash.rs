//! The points of a call's life at which tests kill the gateway, with the names from the documentation of crashes.

/// A point. K10 depends on the clock, and K11 on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    /// Before it is on disk that a call is accepted, or signed.
    K1,
    /// It is accepted and not signed.
    K2,
    /// It is signed and has not left.
    K3,
    #[cfg(feature = "crash-points")]
    /// Its bytes have left. The test makes sure that they do not arrive.
    K4,
    #[cfg(feature = "crash-points")]
    /// Its answers are lost. The test waits until the call has run, and then ends the process.
    K5,
    /// Its answer is read but not on disk.
    K6,
    /// Its answer is on disk, and nobody has been told.
    K7,
    /// It is on disk that a fence may leave, and none has left.
    K8,
    #[cfg(feature = "crash-points")]
    /// A fence has left, and its answer is not read.
    K9,
}

/// Ends this process as `kill -9` does, if the test asks for it.
#[cfg(not(feature = "crash-points"))]
pub(super) const fn at(_point: Point) {}

/// Ends this process as `kill -9` does, if the test asks for it: `HAM_GATEWAY_CRASH=K3:8` at the eighth call that
/// passes K3.
#[cfg(feature = "crash-points")]
pub(super) fn at(point: Point) {
    use std::sync::atomic::{AtomicU32, Ordering};

    static PASSED: AtomicU32 = AtomicU32::new(0);

    let Some(nth) = wanted(point) else { return };
    if PASSED.fetch_add(1, Ordering::SeqCst) + 1 < nth {
        return;
    }
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    // Nothing more happens, not even on another thread.
    loop {
        std::thread::park();
    }
}

/// At which of the calls that pass this point a test wants the process to end.
#[cfg(feature = "crash-points")]
fn wanted(point: Point) -> Option<u32> {
    let wanted = std::env::var("HAM_GATEWAY_CRASH").ok()?;
    let (name, nth) = wanted.split_once(':')?;
    nth.parse().ok().filter(|_| name == format!("{point:?}"))
}

/// Never resolves, but ends the process once a call has left.
#[cfg(feature = "crash-points")]
pub(super) async fn call_left(signed: &ham::SignedCall) {
    if wanted(Point::K4).is_none() {
        return std::future::pending().await;
    }
    while !signed.may_have_been_sent() {
        tokio::task::yield_now().await;
    }
    // By now it is with the link's task; this is long enough for the socket to have it.
    tokio::time::sleep_until(tokio::time::Instant::now() + std::time::Duration::from_millis(50)).await;
    at(Point::K4);
}

/// Resolves, unless a test wants answers to be lost.
#[cfg(feature = "crash-points")]
pub(super) async fn answer_is_lost() {
    if wanted(Point::K5).is_some() {
        std::future::pending().await
    }
}

/// Never resolves, but ends the process once a fence has left.
#[cfg(feature = "crash-points")]
pub(super) async fn fence_left(signed: &ham::SignedCall) {
    if wanted(Point::K9).is_none() {
        return std::future::pending().await;
    }
    while !signed.may_have_been_fenced() {
        tokio::task::yield_now().await;
    }
    at(Point::K9);
}

/// Never resolves.
#[cfg(not(feature = "crash-points"))]
pub(super) async fn call_left(_signed: &ham::SignedCall) {
    std::future::pending().await
}

/// Never resolves.
#[cfg(not(feature = "crash-points"))]
pub(super) async fn fence_left(_signed: &ham::SignedCall) {
    std::future::pending().await
}

/// Resolves.
#[cfg(not(feature = "crash-points"))]
pub(super) async fn answer_is_lost() {}
