//! The plain heartbeat exchange on every engine, and written by hand for turmoil.

use crate::exchange::{INTERVAL, LATENCY, Light, NODES, protocol, setting};
use interregnum_kernel::Span;
use interregnum_madsim_engine::{MadsimEngine, Net};
use interregnum_world::NoRecorder;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use turmoil::net::UdpSocket;

/// What madsim's endpoints add to a latency, the shortest of which here is less.
const FLOORS: Span = Span::millis(2);

/// Runs a seed of the exchange on madsim; how many events there were. `None` where madsim is not compiled in.
pub fn on_madsim(net: Net, seed: u64, horizon: Span) -> Option<u64> {
    let late = if net == Net::Madsim { FLOORS } else { Span::ZERO };
    let setting = Arc::new(setting((LATENCY.0 + late, LATENCY.1 + late), horizon));
    let engine = MadsimEngine::new(protocol::<Light>(), setting, net).ok()?;
    Some(engine.run(((), NoRecorder), seed).0.counters.events)
}

const PORT: u16 = 9;
const HEARTBEAT: u8 = 0;
const ACKNOWLEDGE: u8 = 1;

/// Runs a seed of the same exchange on turmoil, as an application there is written; how many messages were heard.
///
/// # Panics
/// If the simulation fails.
pub fn on_turmoil(seed: u64, horizon: Span) -> u64 {
    let duration = |span: Span| Duration::from_nanos(span.0);
    let heard = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let mut sim = turmoil::Builder::new()
        .rng_seed(seed)
        .min_message_latency(duration(LATENCY.0))
        .max_message_latency(duration(LATENCY.1))
        .simulation_duration(duration(horizon) + Duration::from_secs(1))
        .udp_capacity(1 << 16)
        .build();
    for node in 0..NODES {
        let heard = Arc::clone(&heard);
        sim.host(name(node), move || exchange(node, Arc::clone(&heard)));
    }
    sim.client("end", async move {
        tokio::time::sleep(duration(horizon)).await;
        Ok(())
    });
    sim.run().unwrap_or_else(|error| panic!("turmoil: {error}"));
    heard.load(std::sync::atomic::Ordering::Relaxed)
}

fn name(node: u8) -> String {
    format!("n{node}")
}

async fn exchange(node: u8, heard: Arc<std::sync::atomic::AtomicU64>) -> turmoil::Result {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
    let peers: Vec<SocketAddr> = (0..NODES)
        .filter(|peer| *peer != node)
        .map(|peer| SocketAddr::new(turmoil::lookup(name(peer)), PORT))
        .collect();
    let mut beat = tokio::time::interval(Duration::from_nanos(INTERVAL.0));
    let mut buffer = [0; 16];
    loop {
        tokio::select! {
            biased;
            _ = beat.tick() => {
                for peer in &peers {
                    socket.send_to(&[HEARTBEAT], *peer).await?;
                }
            }
            received = socket.recv_from(&mut buffer) => {
                let (_, from) = received?;
                heard.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                if buffer[0] == HEARTBEAT {
                    socket.send_to(&[ACKNOWLEDGE], from).await?;
                }
            }
        }
    }
}
