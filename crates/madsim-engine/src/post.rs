//! The lane over madsim's own network: what a node's process sends goes out of its endpoint, and comes in at another's.
//!
//! That network knows one range of latencies and one rate of loss for all links, and links that are clogged, one direction at
//! a time. A clog does not stop what is on its way: only cuts that let it pass are accepted. A message to a node that is
//! down is lost when it is sent, and not when it would arrive. What waits at an endpoint is handed over in any order:
//! pauses are not accepted.
//!
//! Every sending and every receiving sleeps for a millisecond at least, and two are taken off each latency. So a message
//! passes a link that is clogged within a millisecond after it was sent only by chance, a process has its endpoint and
//! starts a millisecond late, and of more than [`RECEIVERS`] messages for one node within a millisecond some are late.

use crate::Portable;
use crate::lane::{Arrival, Shared};
use crate::surroundings::Surroundings;
use interregnum_kernel::{NodeId, Observer, Span};
use interregnum_world::{Event, Lever, Recorder, Setting};
use madsim::net::Endpoint;
use madsim::task;
use madsim::time::Duration;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// What sending and receiving take by themselves.
const FLOORS: Span = Span::millis(2);

/// A receiver sleeps a millisecond after each message: so many wait for one at a time.
const RECEIVERS: usize = 32;

const TAG: u64 = 0;

/// Where a node's endpoint is.
pub(crate) fn address(node: NodeId) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::new(10, 0, 0, node.0 + 1), 1))
}

/// What this network is set to, or what it does not have of what a setting wants.
pub(crate) fn config(setting: &Setting) -> Result<madsim::net::Config, String> {
    let Surroundings { latency: (min, max), loss } = Surroundings::of(setting)?;
    if min < FLOORS {
        return Err(format!("latencies of less than {FLOORS}"));
    }
    let stops = |lever: &Lever| matches!(lever, Lever::Pause { .. } | Lever::Freeze { .. });
    if setting.plan.faults.iter().any(|fault| stops(&fault.lever)) {
        return Err(
            "an order in which what has waited for a process is handed over after a pause or a freeze"
                .to_owned(),
        );
    }
    let duration = |span: Span| Duration::from_nanos(span.saturating_sub(FLOORS).0);
    Ok(madsim::net::Config {
        packet_loss_rate: loss.as_f64(),
        send_latency: duration(min)..duration(max) + Duration::from_nanos(1),
    })
}

/// Opens a process's endpoint, for as long as its tasks live.
///
/// # Panics
/// If it cannot be opened: every node has an address of its own.
pub(crate) async fn open<P, O, R>(shared: &Arc<Shared<P, O, R>>, node: NodeId) -> Endpoint
where
    P: Portable,
    O: Observer + Send + 'static,
    R: Recorder + Send + 'static,
{
    let endpoint = Endpoint::bind(address(node)).await;
    let endpoint = endpoint.unwrap_or_else(|error| panic!("{node} has no endpoint: {error}"));
    for _ in 0..RECEIVERS {
        let (endpoint, shared) = (endpoint.clone(), Arc::clone(shared));
        task::spawn(async move {
            while let Ok((payload, _)) = endpoint.recv_from_raw(TAG).await {
                if let Ok(letter) = payload.downcast::<(NodeId, u64, P::Message)>() {
                    let (from, sequence, message) = *letter;
                    shared.receive(node, from, sequence, message);
                }
            }
        });
    }
    endpoint
}

/// Sends a message from its sender's endpoint.
pub(crate) async fn send<P: Portable>(endpoint: Endpoint, Arrival { sequence, event, .. }: Arrival<P>) {
    if let Event::Deliver { to, from, message } = event {
        // What cannot be sent is lost, as any message may be.
        let _ = endpoint.send_to_raw(address(to), TAG, Box::new((from, sequence, message))).await;
    }
}
