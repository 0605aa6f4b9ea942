//! What every recipe of the lease family does, whatever its service: somebody comes to lead, and somebody else after the
//! holder's end.

use interregnum_algorithms::{ALGORITHMS, Registered, Visitor, build};
use interregnum_kernel::{Observation, Office, Parameters, Span, What};
use interregnum_sim::Simulator;
use interregnum_world::{
    Connections, DiskAfter, Latency, Lever, LinkSetting, PlannedFault, Selector, Setting, Unsynced,
};
use std::sync::Arc;

/// The elections to the contested leadership.
fn reigns(told: &[Observation]) -> Vec<&Observation> {
    let contested = |seen: &&Observation| matches!(seen.what, What::Elected(leadership) if leadership.office == Office::CONTESTED);
    told.iter().filter(contested).collect()
}

struct Watched {
    setting: Arc<Setting>,
    seed: u64,
}

impl Visitor for Watched {
    type Output = Vec<Observation>;
    fn visit<P: Registered>(self, protocol: P) -> Vec<Observation> {
        let mut simulator = Simulator::new(protocol, self.setting, Vec::new());
        simulator.run(self.seed);
        simulator.observer().clone()
    }
}

fn setting(contenders: u8, service: u8, horizon: Span) -> (Setting, Parameters) {
    let link = LinkSetting::with_latency(Latency::Uniform { min: Span::micros(500), max: Span::millis(1) });
    let parameters = Parameters::of(contenders).with_service(service);
    let mut setting = Setting::quiet(parameters.nodes, link, Latency::Constant(Span::millis(1)), horizon);
    setting.service = parameters.service;
    (setting, parameters)
}

#[test]
fn the_holders_crash_gives_the_lease_to_another() {
    for entry in ALGORITHMS.iter().filter(|entry| entry.service) {
        for service in [1, 3, 5] {
            for seed in 0..20 {
                let (mut setting, parameters) = setting(3, service, Span::secs(12));
                let crash = Lever::Crash {
                    target: vec![Selector::Leader],
                    unsynced: Unsynced::Lost,
                    connections: Connections::Silent,
                    disk: DiskAfter::Kept,
                };
                setting.plan.faults.push(PlannedFault::at(Span::secs(5), crash));
                let told = build(entry.name, &parameters, Watched { setting: Arc::new(setting), seed })
                    .expect("it is built");
                let reigns = reigns(&told);
                let crash = told.iter().find(|seen| seen.what == What::Crashed).expect("the holder crashes");
                let later = reigns.iter().find(|reign| reign.at > crash.at);
                assert!(
                    later.is_some_and(|reign| reign.node != crash.node),
                    "{}, {service} service nodes, seed {seed}: {reigns:?}",
                    entry.name
                );
            }
        }
    }
}
