//! A node's clocks: a monotonic one and a wall one, driven by the engine's global time.
//!
//! Each is a line: what it showed at its last change, and the rate at which it has run since. Usually both run at the
//! same rate, since one oscillator drives them; a fault may tell them apart. All arithmetic is on integers: rates and
//! readings are fixed-point numbers with 32 fractional bits, and a change of rate loses none of them.

use crate::protocol::Now;
use crate::time::{GlobalTime, LocalTime, Span, WallTime};

/// One, as a rate.
const UNIT_RATE: u64 = 1 << 32;

/// How one clock runs since its last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Pace {
    rate: u64,
    /// What the clock had beyond whole nanoseconds at its last change.
    fraction: u32,
}

impl Pace {
    /// By how much a reading grows in so much real time.
    #[inline]
    fn gained(self, real: u64) -> u64 {
        // At this rate a reading's fraction never becomes a nanosecond.
        if self.rate == UNIT_RATE {
            return real;
        }
        (self.exactly_gained(real) >> 32) as u64
    }

    fn exactly_gained(self, real: u64) -> u128 {
        // A rate is below 2^33, and so this below 2^98.
        u128::from(real) * u128::from(self.rate) + u128::from(self.fraction)
    }

    /// The shortest real time in which a reading grows by so much: for ever, on a clock that stands.
    #[inline]
    fn takes(self, ahead: u64) -> u64 {
        if self.rate == UNIT_RATE || ahead == 0 {
            return ahead;
        }
        if self.rate == 0 {
            return u64::MAX;
        }
        let missing = (u128::from(ahead) << 32) - u128::from(self.fraction);
        u64::try_from(missing.div_ceil(u128::from(self.rate))).unwrap_or(u64::MAX)
    }
}

/// How one node's clocks read at a global instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Clock {
    /// The last change. What the clocks showed then, and how they run since.
    since: GlobalTime,
    mono_then: LocalTime,
    mono: Pace,
    wall_then: WallTime,
    wall: Pace,
    /// Whether the clocks run differently, so that what one gains says nothing about the other.
    apart: bool,
    frozen: bool,
    /// The sums of all drifts in force, in parts per million. Bounded only where a rate is made of them, so that a drift
    /// can be taken out again exactly.
    mono_ppm: i64,
    wall_ppm: i64,
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::new(0, 0)
    }
}

impl Clock {
    /// The fastest and slowest drift that a clock can have, in parts per million.
    pub const MAX_DRIFT_PPM: i32 = 900_000;
    /// The latest time that a monotonic clock can be set to: half of what it can show, so that from there it can still
    /// run for longer than any run.
    pub const MOST_SET: LocalTime = LocalTime(u64::MAX / 2);

    /// A clock that starts at zero with the given drift of both clocks (parts per million of real time, positive is
    /// fast) and the given wall offset in nanoseconds. Drift beyond [`Clock::MAX_DRIFT_PPM`] has no effect.
    pub fn new(drift_ppm: i32, wall_offset: i64) -> Clock {
        let ppm = i64::from(drift_ppm);
        let pace = Pace { rate: rate_of(ppm), fraction: 0 };
        Clock {
            since: GlobalTime::ZERO,
            mono_then: LocalTime::ZERO,
            mono: pace,
            wall_then: WallTime(wall_offset),
            wall: pace,
            apart: false,
            frozen: false,
            mono_ppm: ppm,
            wall_ppm: ppm,
        }
    }

    /// What the clocks show.
    #[inline]
    pub fn read(&self, at: GlobalTime) -> Now {
        let real = at.since(self.since).0;
        let gained = self.mono.gained(real);
        let wall = if self.apart { self.wall.gained(real) } else { gained };
        Now {
            mono: LocalTime(self.mono_then.0 + gained),
            wall: WallTime(self.wall_then.0.wrapping_add(wall as i64)),
        }
    }

    /// What the monotonic clock shows.
    #[inline]
    pub fn mono(&self, at: GlobalTime) -> LocalTime {
        LocalTime(self.mono_then.0 + self.mono.gained(at.since(self.since).0))
    }

    /// The first global instant at which the monotonic clock shows at least `local`, not before the clock's last
    /// change. Rounded up: a timer set from it is never early. The last instant there is, on a clock that stands and
    /// does not show it yet.
    #[inline]
    pub fn when_mono_shows(&self, local: LocalTime) -> GlobalTime {
        let takes = self.mono.takes(local.since(self.mono_then).0);
        GlobalTime(self.since.0.saturating_add(takes))
    }

    /// The first global instant at which the monotonic clock shows so much more than at `at`.
    #[inline]
    pub fn when_mono_has_gained(&self, span: Span, at: GlobalTime) -> GlobalTime {
        if self.mono.rate == UNIT_RATE {
            return at + span;
        }
        self.when_mono_shows(self.mono(at) + span)
    }

    /// The first global instant at which the wall clock shows at least `wall`, by its present setting and rate, and not
    /// before its last change. The last instant there is, on a clock that stands and does not show it yet.
    pub fn when_wall_shows(&self, wall: WallTime) -> GlobalTime {
        let ahead = wall.0.saturating_sub(self.wall_then.0).max(0);
        GlobalTime(self.since.0.saturating_add(self.wall.takes(ahead as u64)))
    }

    /// Whether the clocks stand.
    pub fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Makes the clocks run faster by so many parts per million of real time from `at` on, or slower; what they show at
    /// `at` stays. Changes add up, and the opposite change takes one back exactly. What is beyond
    /// [`Clock::MAX_DRIFT_PPM`] in sum has no effect, but counts.
    pub fn add_drift(&mut self, at: GlobalTime, mono_ppm: i64, wall_ppm: i64) {
        self.mono_ppm += mono_ppm;
        self.wall_ppm += wall_ppm;
        self.go_on_from(at);
    }

    /// Sets the wall clock by so many nanoseconds at `at`, forwards or back. The monotonic clock does not notice.
    pub fn step_wall(&mut self, at: GlobalTime, by: i64) {
        self.go_on_from(at);
        self.wall_then.0 = self.wall_then.0.wrapping_add(by);
    }

    /// Sets the monotonic clock forward at `at`, to [`Clock::MOST_SET`] at most. The wall clock does not notice.
    pub fn step_mono(&mut self, at: GlobalTime, by: Span) {
        self.go_on_from(at);
        let set = (self.mono_then + by).min(Clock::MOST_SET);
        self.mono_then = self.mono_then.max(set);
    }

    /// Stops both clocks at `at`.
    pub fn freeze(&mut self, at: GlobalTime) {
        self.frozen = true;
        self.go_on_from(at);
    }

    /// Lets them go on from what they show, at the rates that are due by then.
    pub fn thaw(&mut self, at: GlobalTime) {
        self.frozen = false;
        self.go_on_from(at);
    }

    /// Begins a new line at `at`, from where the last one ends.
    fn go_on_from(&mut self, at: GlobalTime) {
        let real = at.since(self.since).0;
        let shown = self.read(at);
        self.since = at;
        self.mono_then = shown.mono;
        self.wall_then = shown.wall;
        let rate = |ppm| if self.frozen { 0 } else { rate_of(ppm) };
        let fraction = |pace: Pace| pace.exactly_gained(real) as u32;
        self.mono = Pace { rate: rate(self.mono_ppm), fraction: fraction(self.mono) };
        self.wall = Pace { rate: rate(self.wall_ppm), fraction: fraction(self.wall) };
        self.apart = self.mono != self.wall;
    }
}

fn rate_of(ppm: i64) -> u64 {
    let most = i64::from(Clock::MAX_DRIFT_PPM);
    // The largest product is 1.9e6 * 2^32, far inside 64 bits.
    ((1_000_000 + ppm.clamp(-most, most)) as u64 * UNIT_RATE) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_clock_gains_what_its_drift_says() {
        let clock = Clock::new(100, 0);
        let shown = clock.mono(GlobalTime(Span::secs(1000).0)).0;
        let gained = shown - Span::secs(1000).0;
        assert!(gained.abs_diff(100_000_000) < 1_000, "100 ppm of 1000 s is 100 ms, not {gained} ns");
    }

    #[test]
    fn the_instant_for_a_reading_is_the_first_that_shows_it() {
        for drift in [-900_000, -100, 0, 1, 100, 900_000] {
            let mut clock = Clock::new(drift, 0);
            clock.add_drift(GlobalTime(12_345), i64::from(-drift / 2), 0);
            for local in [30_000u64, 1_000_003, 7_777_777_777] {
                let at = clock.when_mono_shows(LocalTime(local));
                assert!(clock.mono(at).0 >= local, "a timer must not be early (drift {drift}, {local})");
                let before = GlobalTime(at.0 - 1);
                assert!(clock.mono(before).0 < local, "nor later than need be (drift {drift}, {local})");
            }
        }
    }

    #[test]
    fn a_span_from_now_ends_when_the_reading_has_grown_by_it() {
        for drift in [-900_000, 0, 900_000] {
            let mut clock = Clock::new(drift / 3, 0);
            clock.add_drift(GlobalTime(12_345), i64::from(drift), i64::from(drift));
            let (now, span) = (GlobalTime(7_777_777), Span::millis(3));
            let shown = clock.mono(now) + span;
            assert_eq!(clock.when_mono_has_gained(span, now), clock.when_mono_shows(shown), "drift {drift}");
        }
    }

    #[test]
    fn a_change_of_rate_does_not_move_the_readings() {
        let mut clock = Clock::new(-500, 17);
        for (at, mono, wall) in [(987_654_321, 800, 300), (987_654_400, -77, 1), (1_500_000_000, 0, -20)] {
            let at = GlobalTime(at);
            let before = clock.read(at);
            clock.add_drift(at, mono, wall);
            assert_eq!(clock.read(at), before, "at the change at {at:?}");
        }
    }

    #[test]
    fn the_wall_clock_can_run_at_a_rate_of_its_own() {
        let mut clock = Clock::new(0, 5);
        clock.add_drift(GlobalTime(1_000), 0, 500_000);
        let shown = Now { mono: LocalTime(3_000), wall: WallTime(1_005 + 3_000) };
        assert_eq!(clock.read(GlobalTime(3_000)), shown, "2000 ns at one and a half times the rate are 3000");
        assert_eq!(clock.when_wall_shows(WallTime(4_005)), GlobalTime(3_000));
        assert_eq!(clock.when_mono_shows(LocalTime(3_000)), GlobalTime(3_000));
        clock.add_drift(GlobalTime(3_000), 0, -500_000);
        assert_eq!(clock.read(GlobalTime(4_000)).wall, WallTime(5_005), "and what it gained stays");
    }

    #[test]
    fn drifts_add_up_and_are_taken_back_exactly() {
        let mut clock = Clock::new(100, 0);
        let drifts = [800_000, 700_000, -2_000_000, 13];
        let never_drifted = Clock::new(100, 0).mono.rate;
        for drift in drifts {
            clock.add_drift(GlobalTime(7), drift, drift);
        }
        for drift in drifts {
            assert_ne!(clock.mono.rate, never_drifted, "before {drift} is taken back");
            clock.add_drift(GlobalTime(7), -drift, -drift);
        }
        assert_eq!(clock, {
            let mut other = Clock::new(100, 0);
            other.go_on_from(GlobalTime(7));
            other
        });
    }

    #[test]
    fn what_drift_is_beyond_the_bound_counts_when_another_is_taken_back() {
        let mut clock = Clock::new(0, 0);
        clock.add_drift(GlobalTime(0), 800_000, 800_000);
        clock.add_drift(GlobalTime(0), 700_000, 700_000);
        assert_eq!(clock.mono(GlobalTime(1_000)), LocalTime(1_899), "the bound, rounded down");
        clock.add_drift(GlobalTime(1_000), -800_000, -800_000);
        assert_eq!(clock.mono.rate, rate_of(700_000), "the second drift is in force as a whole");
    }

    #[test]
    fn what_is_gained_is_lost_again_however_often_it_turns() {
        let mut clock = Clock::new(0, 0);
        clock.add_drift(GlobalTime(0), 333_333, 0);
        for turn in 1..=1_000 {
            let sign = if turn % 2 == 1 { -1 } else { 1 };
            clock.add_drift(GlobalTime(turn * 7), sign * 666_666, 0);
        }
        let off = clock.mono(GlobalTime(7_000)).0.abs_diff(7_000);
        assert!(off <= 1, "the fractions of {off} ns were lost");
    }

    #[test]
    fn a_frozen_clock_shows_what_it_showed_and_nothing_later() {
        let mut clock = Clock::new(0, -3);
        clock.freeze(GlobalTime(100));
        assert_eq!(clock.read(GlobalTime(900)), Now { mono: LocalTime(100), wall: WallTime(97) });
        assert_eq!(clock.when_mono_shows(LocalTime(100)), GlobalTime(100), "shown already");
        assert_eq!(clock.when_mono_shows(LocalTime(101)), GlobalTime(u64::MAX), "never");
        assert_eq!(clock.when_mono_has_gained(Span(1), GlobalTime(500)), GlobalTime(u64::MAX), "never");
        assert_eq!(clock.when_wall_shows(WallTime(98)), GlobalTime(u64::MAX), "never");
        assert_eq!(clock.when_wall_shows(WallTime(97)), GlobalTime(100), "shown already");
        clock.thaw(GlobalTime(900));
        assert_eq!(clock.read(GlobalTime(1_000)), Now { mono: LocalTime(200), wall: WallTime(197) });
    }

    #[test]
    fn a_drift_that_comes_in_the_frost_is_in_force_after_it() {
        let mut clock = Clock::new(0, 0);
        clock.freeze(GlobalTime(0));
        clock.add_drift(GlobalTime(50), 500_000, 500_000);
        assert_eq!(clock.mono(GlobalTime(100)), LocalTime(0), "frozen all the same");
        clock.thaw(GlobalTime(100));
        assert_eq!(clock.mono(GlobalTime(200)), LocalTime(150));
    }

    #[test]
    fn a_wall_step_moves_only_the_wall_clock() {
        let mut clock = Clock::new(0, -5_000);
        let at = GlobalTime(1_000_000);
        clock.step_wall(at, -2_000_000);
        assert_eq!(clock.read(at), Now { mono: LocalTime(1_000_000), wall: WallTime(1_000_000 - 2_005_000) });
        assert_eq!(clock.when_wall_shows(WallTime(0)), GlobalTime(2_005_000));
        clock.step_wall(at, 2_000_000);
        assert_eq!(
            clock.when_wall_shows(WallTime(0)),
            at,
            "what is shown since the step is shown from then on"
        );
    }

    #[test]
    fn a_monotonic_step_moves_only_the_monotonic_clock() {
        let mut clock = Clock::new(0, -5_000);
        let at = GlobalTime(1_000_000);
        clock.step_mono(at, Span(300));
        assert_eq!(clock.read(at), Now { mono: LocalTime(1_000_300), wall: WallTime(995_000) });
        assert_eq!(clock.when_mono_shows(LocalTime(1_000_200)), at, "what was skipped is past at once");
    }

    #[test]
    fn a_monotonic_clock_runs_on_however_far_it_is_set_ahead() {
        let mut clock = Clock::new(0, 0);
        for at in [100, 200] {
            clock.step_mono(GlobalTime(at), Span(u64::MAX));
        }
        assert_eq!(
            clock.mono(GlobalTime(200)),
            LocalTime(Clock::MOST_SET.0 + 100),
            "the second step is none"
        );
        assert_eq!(
            clock.when_mono_has_gained(Span(50), GlobalTime(300)),
            GlobalTime(350),
            "timers take their time"
        );
    }
}
