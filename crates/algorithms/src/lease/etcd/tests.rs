//! Each rule by itself is in the golden scripts; here is what they cannot say.

use super::{Contender, Etcd, Place, next_look};
use crate::lease::client::{Client, Heard};
use crate::lease::message::{Answer, Ask};
use crate::lease::recipe::Out;
use crate::lease::service::{Operation, Outcome};
use crate::lease::{By, Event, Lease, Recipe};
use crate::{Algorithm, Strain};
use interregnum_kernel::{
    Incarnation, Jitter, LocalTime, LogIndex, NodeId, Now, ParameterError, Parameters, Process, Profile,
    Span, Value,
};

type Cluster = By<Etcd>;

fn cluster(profile: Profile) -> Parameters {
    Parameters { profile, ..Parameters::of(3).with_service(3) }
}

fn build(parameters: &Parameters) -> Result<Lease, ParameterError> {
    Cluster::from_parameters(parameters)
}

fn refused(parameters: &Parameters) -> (&'static str, String) {
    let error = build(parameters).expect_err("it is refused");
    (error.parameter, error.problem)
}

fn remarks(parameters: &Parameters) -> Vec<&'static str> {
    Cluster::warnings(parameters).into_iter().map(|remark| remark.parameter).collect()
}

#[test]
fn the_scripts_play_as_they_are_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lease/etcd/scripts");
    interregnum_script::run_folder(folder, Cluster::ENTRY.parameters, crate::construct::<Cluster>);
}

#[test]
fn both_profiles_are_accepted_without_a_remark() {
    for profile in [Profile::Matched, Profile::Production] {
        build(&cluster(profile)).expect("its defaults fit together");
        assert_eq!(remarks(&cluster(profile)), [""; 0], "{profile:?}");
    }
}

#[test]
fn a_ttl_under_the_servers_minimum_is_refused() {
    let (parameter, problem) = refused(&cluster(Profile::Production).with("ttl", Value::Span(Span::secs(1))));
    assert_eq!(parameter, "ttl", "one and a half times one second");
    assert!(problem.contains("2s"), "the minimum is named: {problem}");
    build(&cluster(Profile::Production).with("ttl", Value::Span(Span::secs(2))))
        .expect("that is the minimum");
}

#[test]
fn a_ttl_of_parts_of_seconds_is_refused() {
    let (parameter, problem) =
        refused(&cluster(Profile::Matched).with("ttl", Value::Span(Span::millis(1500))));
    assert_eq!(parameter, "ttl");
    assert!(problem.contains("whole seconds"), "{problem}");
}

#[test]
fn a_longer_election_timeout_raises_the_minimum() {
    let slow = Value::Jitter(Jitter::between(Span::secs(4), Span::secs(8)));
    let parameters = cluster(Profile::Production).with("service_election_timeout", slow);
    let (parameter, problem) = refused(&parameters.with("ttl", Value::Span(Span::secs(5))));
    assert_eq!(parameter, "ttl");
    assert!(problem.contains("6s"), "one and a half times four seconds: {problem}");
}

#[test]
fn an_even_service_is_refused() {
    let even = Parameters::of(3).with_service(2);
    assert_eq!(refused(&even).0, "service");
    assert_eq!(refused(&Parameters::of(3)).0, "service", "and none");
}

#[test]
fn a_session_that_nobody_watches_is_remarked_on() {
    let parameters = cluster(Profile::Production).with("session_end", Value::Word("ignore".to_owned()));
    assert_eq!(remarks(&parameters), ["session_end"]);
}

#[test]
fn keep_alives_that_come_too_late_are_remarked_on() {
    let parameters = cluster(Profile::Production).with("keep_alive_check", Value::Span(Span::secs(40)));
    assert_eq!(remarks(&parameters), ["ttl"], "20 s and up to 40 s more, of 60");
}

#[test]
fn whoever_looks_every_so_often_looks_after_the_time_and_not_at_it() {
    let at = |millis| LocalTime::ZERO + Span::millis(millis);
    let every = Span::millis(500);
    assert_eq!(next_look(at(333), at(0), every), at(500));
    assert_eq!(next_look(at(500), at(0), every), at(1000));
    assert_eq!(next_look(at(501), at(2), every), at(502));
    assert_eq!(next_look(at(501), at(2), Span::ZERO), at(501), "or all the time");
}

#[test]
fn the_claims_follow_from_the_timers() {
    let doses = |profile| {
        let recipe = Etcd::from_parameters(&cluster(profile)).expect("its defaults fit together");
        let claims = recipe.claims();
        claims.iter().map(|claim| (claim.strain, claim.derived, claim.documented)).collect::<Vec<_>>()
    };
    let of = |left: Span| {
        [
            (Strain::SlowClock, Some(0), None),
            (Strain::Freeze, Some(left.0), None),
            (Strain::Pause, Some(left.0), None),
        ]
    };
    assert_eq!(doses(Profile::Matched), of(Span::millis(500)), "333 ms are rounded up to a look");
    assert_eq!(doses(Profile::Production), of(Span::millis(39_500)), "20 s are over at the look after them");
}

#[test]
fn whose_proclamation_is_refused_leads_no_more_and_campaigns_again() {
    let proclaims = cluster(Profile::Matched).with("proclaim_every", Value::Span(Span::millis(250)));
    let recipe = Etcd::from_parameters(&proclaims).expect("the parameters fit together");
    let process = Process { node: NodeId(0), incarnation: Incarnation::ZERO };
    let client = Client::new(process, [NodeId(1)].into_iter().collect(), recipe.patience());
    let (now, mut out) = (Now::default(), Out::default());
    let mut leader = Contender { place: Place::Leading, created: 3, ..recipe.begin(client, now, &mut out) };
    let ask = Ask::Do(Operation::Proclaim(leader.session, 3));
    let hear = |outcome| {
        Event::Heard(Heard::Answer { ask, asked: now.mono, answer: Answer::Outcome(outcome, LogIndex(5)) })
    };
    recipe.on(&mut leader, now, hear(Outcome::Done(0)), &mut out);
    assert_eq!(recipe.leads(&leader, now), Some(3), "the key is as it was created");
    recipe.on(&mut leader, now, hear(Outcome::Refused), &mut out);
    assert_eq!(recipe.leads(&leader, now), None, "ErrElectionNotLeader");
    assert_eq!(leader.place, Place::Joining, "its session goes on");
}
