//! What `interregnum margins` finds, against what follows from the timers of Kubernetes' Lease.
//!
//! A dose is tried with 20 seeds, at 20 points of the renewals' rhythm; it breaks if one of them breaks. What follows from the
//! timers is the dose that breaks exclusion at the worst point, so nothing below it is found. The grain of the bisection apart,
//! nothing is found above a dose that breaks at every point where the holder's last write was answered.

use interregnum_algorithms::{ALGORITHMS, claims};
use interregnum_campaign::margins::{Margin, Question, Strain, measure, standard};
use interregnum_kernel::{Parameters, Profile, Span};

/// Fixed before any result was seen.
const FIRST_SEED: u64 = 0x6d61_7267_696e_7321;
const SEEDS: u64 = 20;
/// The longest way, and the longest write, of the trials' network and disks.
const WAY: Span = Span::millis(5);
const FSYNC: Span = Span::millis(4);
/// The longest that a holder takes for an input when it wakes up.
const WAKING: Span = Span::millis(3);

fn found(algorithm: &'static str, strain: Strain, profile: Profile) -> Margin {
    found_with(algorithm, strain, standard(profile))
}

fn found_with(algorithm: &'static str, strain: Strain, parameters: Parameters) -> Margin {
    let question = Question { first_seed: FIRST_SEED, seeds: SEEDS };
    let margin = measure(algorithm, &parameters, strain, question).expect("the recipe is built");
    let profile = parameters.profile;
    println!(
        "{algorithm}, {profile}, {strain}: bears {}, breaks at {:?}, derived {:?}",
        margin.bears, margin.breaks_at, margin.derived
    );
    margin
}

/// The timers of Kubernetes' Lease, and how fine the bisection is.
struct Timers {
    lease: Span,
    deadline: Span,
    retry: Span,
    grain: Span,
}

fn timers(profile: Profile) -> Timers {
    let millis = |lease, deadline, retry, grain| Timers {
        lease: Span::millis(lease),
        deadline: Span::millis(deadline),
        retry: Span::millis(retry),
        grain: Span::millis(grain),
    };
    match profile {
        Profile::Matched => millis(1_000, 667, 50, 2),
        Profile::Production => millis(15_000, 10_000, 2_000, 50),
    }
}

impl Timers {
    /// A read through a follower of the service, there and back, and a write, which is agreed on meanwhile.
    fn asking(&self) -> (Span, Span) {
        let there_and_back = WAY.scaled(4, 1);
        (there_and_back, there_and_back + WAY.scaled(2, 1) + FSYNC)
    }

    /// From the holder's last write to its successor at the latest: that is seen, is old enough, and is overwritten, at tries that
    /// are the longest pause apart. The service's followers need not be asked.
    fn succession(&self) -> Span {
        let (read, write) = self.asking();
        let longest_pause = self.retry.scaled(220, 100);
        self.lease + (longest_pause + read).scaled(2, 1) + read + write
    }

    /// For how long a holder acts that hears no answer.
    fn silence(&self) -> Span {
        self.retry + self.deadline
    }
}

/// So many parts of a million of `whole`.
fn parts(part: Span, whole: Span) -> u64 {
    Span(1_000_000).scaled(part.0, whole.0).0
}

/// A frozen holder has its deadline before it when it wakes up, so whoever holds the lease then has it at the same time.
#[test]
fn a_freeze_breaks_exclusion_from_the_lease_without_a_retry_period_on() {
    for profile in [Profile::Matched, Profile::Production] {
        let timers = timers(profile);
        let freeze = found("lease-kubernetes", Strain::Freeze, profile);
        let least = timers.lease.saturating_sub(timers.retry);
        let most = timers.succession() + WAKING + timers.grain;
        assert_eq!(freeze.derived, Some(least.0), "{profile}: as the recipe itself says");
        let breaks = Span(freeze.breaks_at.expect("every freeze of minutes breaks it"));
        assert!(breaks >= least, "{profile}: {breaks} is under {least}");
        assert!(breaks <= most, "{profile}: {breaks} is over {most}");
        assert!(breaks.saturating_sub(Span(freeze.bears)) <= timers.grain, "{profile}: {freeze:?}");
        assert!(freeze.seed.is_some(), "{profile}: with a seed to see it");
    }
}

/// A clock that is slow by s stretches the silence to silence / (1 - s). That is longer than a lease from 1 - silence / lease
/// on, and longer than the slowest succession from 1 - silence / succession on.
#[test]
fn a_slow_clock_breaks_exclusion_from_the_lease_over_the_silence_on() {
    const GRAIN: u64 = 1_000;
    for profile in [Profile::Matched, Profile::Production] {
        let timers = timers(profile);
        let slow = found("lease-kubernetes", Strain::SlowClock, profile);
        let beyond = |span: Span| parts(span.saturating_sub(timers.silence()), span);
        let (least, most) = (beyond(timers.lease), beyond(timers.succession()) + GRAIN);
        assert_eq!(slow.derived, Some(least), "{profile}: as the recipe itself says");
        let breaks = slow.breaks_at.expect("a clock at a tenth of its rate breaks it");
        assert!(breaks >= least, "{profile}: {breaks} is under {least}");
        assert!(breaks <= most, "{profile}: {breaks} is over {most}");
        assert!(breaks - slow.bears <= GRAIN, "{profile}: {slow:?}");
        assert!(slow.documented.is_some_and(|documented| documented > least), "{profile}: {slow:?}");
    }
}

/// etcd leaves nothing for a slow clock, Kubernetes a fifth, ZooKeeper's sessions a third, Consul's two thirds: what is found is in
/// that order.
#[test]
fn who_leaves_less_for_a_slow_clock_is_found_to_bear_less() {
    let by_margin = ["lease-etcd", "lease-kubernetes", "lease-zookeeper", "lease-consul"];
    let slow = by_margin.map(|algorithm| found(algorithm, Strain::SlowClock, Profile::Production));
    assert!(slow.is_sorted_by(|one, next| one.derived < next.derived), "what is derived: {slow:?}");
    assert!(slow.is_sorted_by(|one, next| one.breaks_at < next.breaks_at), "what is found: {slow:?}");
    assert_eq!(slow[0].breaks_at, Some(0), "etcd");
}

/// What is found is an upper bound on what is borne. Who bears less than follows from the timers has a mistake in one of them; the
/// timers alone leave out that a renewal may take its way more quickly than the next one would.
#[test]
fn nobody_bears_less_than_follows_from_the_timers() {
    for profile in [Profile::Matched, Profile::Production] {
        for entry in ALGORITHMS.iter().filter(|entry| entry.service) {
            let strains = claims(entry.name, &standard(profile)).expect("the recipe is built");
            for claim in strains.iter().filter(|claim| claim.strain != Strain::Pause) {
                let margin = found(entry.name, claim.strain, profile);
                let (derived, breaks) = (claim.derived.unwrap_or(0), margin.breaks_at.unwrap_or(u64::MAX));
                let way = if claim.strain == Strain::SlowClock { 0 } else { WAY.0 };
                assert!(breaks.saturating_add(way) >= derived, "{}, {profile}: {margin:?}", entry.name);
            }
        }
    }
}

/// Half of a session timeout is left for a slow clock beyond the two thirds that a leader acts without its connection. With the
/// bug it acts for a whole one from when it has noticed.
#[test]
fn who_acts_for_longer_than_it_should_is_found_to_bear_less() {
    let sound = found("lease-zookeeper", Strain::SlowClock, Profile::Production);
    let bug = Some("lease-zookeeper-acts-while-disconnected".to_owned());
    let parameters = Parameters { bug, ..standard(Profile::Production) };
    let planted = found_with("lease-zookeeper", Strain::SlowClock, parameters);
    assert_eq!(planted.breaks_at, Some(0), "it breaks with the best of clocks");
    assert!(sound.breaks_at > Some(300_000), "and without the bug at a third: {sound:?}");
}
