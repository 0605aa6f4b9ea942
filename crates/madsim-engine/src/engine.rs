//! One run: a runtime on a thread of its own, or one that is there already.

use crate::lane::Lane;
use crate::{Net, Portable, Refused, post};
use interregnum_kernel::Observer;
use interregnum_sim::{EVENT_LIMIT, Outcome};
use interregnum_world::{Recorder, Setting};
use madsim::net::NetSim;
use madsim::runtime::{Handle, Runtime};
use madsim::time::{Instant, TimeHandle};
use std::pin::pin;
use std::sync::Arc;

/// Runs of one setting and one protocol on madsim.
#[derive(Clone, Debug)]
pub struct MadsimEngine<P> {
    protocol: P,
    setting: Arc<Setting>,
    event_limit: u64,
    net: Net,
    config: madsim::Config,
}

impl<P: Portable> MadsimEngine<P> {
    /// The engine for a setting and a protocol.
    ///
    /// # Errors
    /// If messages are to travel by madsim's own network, and it does not have what the setting wants.
    pub fn new(protocol: P, setting: Arc<Setting>, net: Net) -> Result<Self, Refused> {
        let config = match net {
            Net::World => madsim::Config::default(),
            Net::Madsim => {
                madsim::Config { net: post::config(&setting).map_err(Refused::Lacks)?, ..Default::default() }
            }
        };
        Ok(MadsimEngine { protocol, setting, event_limit: EVENT_LIMIT, net, config })
    }

    /// Runs one seed, and gives back who listened and what was recorded.
    ///
    /// A runtime has a thread to itself: the standard library draws the keys of its hash maps once for each thread, and
    /// madsim's are not the first that it would meet elsewhere.
    ///
    /// # Panics
    /// If the run panics, with what it panicked with.
    pub fn run<O, R>(&self, listeners: (O, R), seed: u64) -> (Outcome, (O, R))
    where
        O: Observer + Send + 'static,
        R: Recorder + Send + 'static,
    {
        let engine = self.clone();
        let whole_run = move || {
            let runtime = Runtime::with_seed_and_config(seed, engine.config.clone());
            runtime.block_on(async move { engine.run_within(listeners).await })
        };
        match std::thread::spawn(whole_run).join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// The same within a runtime that somebody else has set up, such as `#[madsim::test]`: the seed is that runtime's, and so
    /// is the thread. No other run takes place in it.
    ///
    /// # Panics
    /// Outside of a runtime of madsim's.
    pub async fn run_within<O, R>(&self, listeners: (O, R)) -> (Outcome, (O, R))
    where
        O: Observer + Send + 'static,
        R: Recorder + Send + 'static,
    {
        let MadsimEngine { protocol, setting, event_limit, net, config } = self.clone();
        NetSim::current().update_config(|network| *network = config.net);
        let seed = Handle::current().seed();
        let mut lane = Lane::start(protocol, setting, listeners, (event_limit, net), seed);
        let stop = lane.until_end().await;
        lane.finish(stop).await
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
