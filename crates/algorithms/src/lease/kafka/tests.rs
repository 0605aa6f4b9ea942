//! Each rule by itself is in the golden scripts; here is what they cannot say.

use super::Kafka;
use crate::lease::{By, Recipe};
use crate::{Algorithm, construct};
use interregnum_kernel::{Parameters, Profile, Span};

#[test]
fn the_scripts_play_as_they_are_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lease/kafka/scripts");
    interregnum_script::run_folder(folder, By::<Kafka>::ENTRY.parameters, construct::<By<Kafka>>);
}

#[test]
fn the_production_profile_has_kafkas_defaults() {
    let parameters = Parameters { profile: Profile::Production, ..Parameters::of(3).with_service(3) };
    let kafka = Kafka::from_parameters(&parameters).expect("the defaults fit");
    assert_eq!(kafka.times.timeout, Span::secs(18), "zookeeper.session.timeout.ms since 2.5");
    assert_eq!(kafka.rules.sessions.tick, Span::secs(3), "ZooKeeper's own tick");
    assert_eq!(Kafka::warnings(&parameters), [], "which grants 6 to 60 s");
}
