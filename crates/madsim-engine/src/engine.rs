//! One run: a runtime on a thread of its own.

use crate::Portable;
use crate::world_lane::Lane;
use interregnum_kernel::{GlobalTime, Observer};
use interregnum_sim::Outcome;
use interregnum_world::{Recorder, Setting};
use madsim::runtime::Runtime;
use madsim::time::{Instant, TimeHandle};
use std::pin::pin;
use std::sync::Arc;

/// Runs one seed, and gives the listener and the recorder back.
///
/// A runtime wants a thread that has never seen another: the standard library's hash maps draw their keys once a thread.
///
/// # Panics
/// If the run panics, with what it panicked with.
pub fn run<P, O, R>(
    protocol: &P,
    setting: &Arc<Setting>,
    listeners: (O, R),
    event_limit: u64,
    seed: u64,
) -> (Outcome, O, R)
where
    P: Portable,
    O: Observer + Send + 'static,
    R: Recorder + Send + 'static,
{
    let (protocol, setting) = (protocol.clone(), Arc::clone(setting));
    let thread = std::thread::spawn(move || {
        let runtime = Runtime::with_seed_and_config(seed, madsim::Config::default());
        runtime.block_on(async move {
            let horizon = GlobalTime::ZERO + setting.horizon;
            let mut lane = Lane::start(protocol, setting, listeners, event_limit, seed);
            let stop = lane.until(horizon).await;
            lane.finish(stop, horizon).await
        })
    });
    match thread.join() {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Sleeps until a time of the run.
///
/// madsim's sleep lasts a millisecond at least, as tokio's may; a sleep that is reset does not.
pub async fn sleep_until(deadline: Instant) {
    let time = TimeHandle::current();
    if time.now_instant() >= deadline {
        return;
    }
    let mut sleep = pin!(time.sleep_until(deadline));
    sleep.as_mut().reset(deadline);
    sleep.await;
}
