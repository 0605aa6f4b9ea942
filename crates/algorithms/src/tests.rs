use super::*;
use interregnum_kernel::{Profile, TimerName, Value};
use std::collections::BTreeSet;

/// Looks at the built protocol the way every engine does: by its own limits.
struct Limits;

impl Visitor for Limits {
    type Output = (&'static [&'static str], usize);
    fn visit<P: Registered>(self, _: P) -> Self::Output {
        (P::KINDS, P::Timer::COUNT)
    }
}

fn try_build(name: &str, parameters: &Parameters) -> Result<(&'static [&'static str], usize), BuildError> {
    build(name, parameters, Limits)
}

/// A small cluster that the algorithm runs on.
fn cluster(entry: &Entry, nodes: u8, profile: Profile) -> Parameters {
    let contenders = Parameters { profile, ..Parameters::of(nodes) };
    if entry.service { contenders.with_service(3) } else { contenders }
}

/// Says that it was reached with an algorithm that can be explored.
struct Reached;

impl Explorer for Reached {
    type Output = usize;
    fn explore<P: Explorable>(self, _: P) -> usize {
        P::KINDS.len()
    }
}

#[test]
fn every_algorithm_written_here_can_be_explored() {
    for entry in ALGORITHMS {
        let kinds = explore(entry.name, &cluster(entry, 3, Profile::Matched), Reached);
        assert_eq!(kinds, Ok(vocabulary(entry.name).map_or(0, |words| words.kinds.len())), "{}", entry.name);
    }
}

#[test]
fn names_are_unique_and_found() {
    let names: BTreeSet<_> = ALGORITHMS.iter().map(|entry| entry.name).collect();
    assert_eq!(names.len(), ALGORITHMS.len(), "two algorithms share a name");
    for entry in ALGORITHMS {
        assert_eq!(find(entry.name).map(|found| found.title), Some(entry.title));
    }
    assert!(find("no-such-algorithm").is_none(), "an unknown name is not found");
}

/// Safety is what makes an algorithm fit for faults of every kind, but for disks that forget.
#[test]
fn who_keeps_votes_on_disk_is_safe_whatever_is_late_or_wrong() {
    let kept: FaultClasses =
        FaultClass::ALL.into_iter().filter(|class| !FaultClasses::FORGETFUL_DISKS.has(*class)).collect();
    for entry in ALGORITHMS.iter().filter(|entry| entry.promises("vote-once", FaultClasses::NONE)) {
        for invariant in ["election-safety", "vote-once", "epoch-monotonic", "fenced-writes"] {
            assert!(entry.promises(invariant, kept), "{}: {invariant}", entry.name);
            for class in FaultClasses::FORGETFUL_DISKS.iter() {
                assert!(!entry.promises(invariant, class.into()), "{}: {invariant}, {class}", entry.name);
            }
        }
    }
}

#[test]
fn who_keeps_nothing_promises_one_leader_under_crashes_alone() {
    let keeps = |entry: &Entry| entry.service || entry.promises("vote-once", FaultClasses::NONE);
    for entry in ALGORITHMS.iter().filter(|entry| !keeps(entry)) {
        assert!(entry.promises("leader-exclusion", FaultClass::Crash.into()), "{}", entry.name);
        assert!(!entry.promises("election-safety", FaultClass::Crash.into()), "{}", entry.name);
        for class in [FaultClass::Cut, FaultClass::Delay, FaultClass::Pause, FaultClass::SlowNode] {
            assert!(!entry.promises("leader-exclusion", class.into()), "{}: {class}", entry.name);
        }
    }
}

#[test]
fn a_lease_is_promised_where_clocks_measure_alike() {
    let raft = find("raft").expect("it is registered");
    for class in [FaultClass::Freeze, FaultClass::ClockRate, FaultClass::ClockJump] {
        assert!(!raft.promises("lease-exclusion", class.into()), "{class}");
    }
    for class in [FaultClass::Pause, FaultClass::WallClock, FaultClass::Cut, FaultClass::Crash] {
        assert!(raft.promises("lease-exclusion", class.into()), "{class}");
    }
}

#[test]
fn bugs_are_named_after_their_algorithm_and_break_something() {
    let mut seen = BTreeSet::new();
    for entry in ALGORITHMS {
        for bug in entry.bugs {
            assert!(bug.id.starts_with(entry.name), "{} does not say that it is in {}", bug.id, entry.name);
            assert!(seen.insert(bug.id), "{} is there twice", bug.id);
            assert!(!bug.breaks.is_empty(), "{} breaks nothing", bug.id);
            assert!(!bug.summary.is_empty(), "{} has no summary", bug.id);
            assert!(!bug.source.is_empty(), "{} has no source", bug.id);
        }
    }
}

#[test]
fn every_algorithm_builds_with_the_defaults_of_both_profiles_within_the_limits_of_the_engines() {
    for entry in ALGORITHMS {
        for profile in [Profile::Matched, Profile::Production] {
            let parameters = cluster(entry, 3, profile);
            let (kinds, timers) = try_build(entry.name, &parameters).expect("defaults build");
            assert!(kinds.len() <= 32, "{}: {kinds:?} are too many kinds", entry.name);
            for kind in entry.election_kinds {
                assert!(kinds.contains(kind), "{} has no message {kind}", entry.name);
            }
            assert!(timers <= 64, "{}: {timers} timers", entry.name);
        }
    }
}

#[test]
fn every_parameter_accepts_its_own_defaults() {
    for entry in ALGORITHMS {
        for profile in [Profile::Matched, Profile::Production] {
            let explicit = entry.parameters.iter().fold(cluster(entry, 5, profile), |parameters, spec| {
                parameters.with(spec.name, (spec.default)(profile))
            });
            let result = try_build(entry.name, &explicit);
            assert!(result.is_ok(), "{} ({profile}): {result:?}", entry.name);
        }
    }
}

#[test]
fn every_bug_can_be_planted_under_both_profiles() {
    for entry in ALGORITHMS {
        for profile in [Profile::Matched, Profile::Production] {
            for bug in entry.bugs {
                let parameters = cluster(entry, 5, profile).with_bug(bug.id);
                let result = try_build(entry.name, &parameters);
                assert!(result.is_ok(), "{} ({profile}): {result:?}", bug.id);
            }
        }
    }
}

#[test]
fn what_is_unknown_is_refused_by_name() {
    let error = try_build("rafft", &Parameters::of(3)).unwrap_err();
    assert_eq!(error.to_string(), "no algorithm is named `rafft`");
    for entry in ALGORITHMS {
        let error = try_build(entry.name, &Parameters::of(3).with_bug("no-bug")).unwrap_err();
        assert_eq!(error.to_string(), format!("{} has no planted bug `no-bug`", entry.name));
        let error = try_build(entry.name, &Parameters::of(3).with("nothing", Value::Flag(true))).unwrap_err();
        assert_eq!(error.to_string(), format!("{} has no parameter `nothing`", entry.name));
    }
}

#[test]
fn a_value_of_the_wrong_kind_is_refused() {
    for entry in ALGORITHMS {
        for spec in entry.parameters {
            let wrong = match (spec.default)(Profile::Matched) {
                Value::Flag(_) => Value::Count(1),
                _ => Value::Flag(true),
            };
            let parameters = cluster(entry, 3, Profile::Matched).with(spec.name, wrong);
            let result = try_build(entry.name, &parameters);
            assert!(
                matches!(&result, Err(BuildError::Parameter { error, .. }) if error.parameter == spec.name),
                "{}.{}: {result:?}",
                entry.name,
                spec.name
            );
        }
    }
}
