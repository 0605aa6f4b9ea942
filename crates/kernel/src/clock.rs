//! A node's clocks: a monotonic one and a wall one, driven by the engine's global time.
//!
//! Both run at the same rate (they share an oscillator); the wall clock has an offset besides, which may be stepped.
//! All arithmetic is on integers: the rate is a fixed-point number with 32 fractional bits.

use crate::protocol::Now;
use crate::time::{GlobalTime, LocalTime, Span, WallTime};

/// One, as a rate.
const UNIT_RATE: u64 = 1 << 32;

/// How one node's clocks read at a global instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Clock {
    since: GlobalTime,
    mono_then: LocalTime,
    rate: u64,
    wall_offset: i64,
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::new(0, 0)
    }
}

impl Clock {
    /// The fastest and slowest drift that a clock can have, in parts per million.
    pub const MAX_DRIFT_PPM: i32 = 900_000;

    /// A clock that starts at zero with the given drift (parts per million of real time, positive is fast) and the
    /// given wall offset in nanoseconds. Drift beyond [`Clock::MAX_DRIFT_PPM`] is clamped to it.
    pub fn new(drift_ppm: i32, wall_offset: i64) -> Clock {
        Clock { since: GlobalTime::ZERO, mono_then: LocalTime::ZERO, rate: rate_of(drift_ppm), wall_offset }
    }

    /// What the clocks show.
    #[inline]
    pub fn read(&self, at: GlobalTime) -> Now {
        let mono = self.mono(at);
        Now { mono, wall: WallTime((mono.0 as i64).wrapping_add(self.wall_offset)) }
    }

    /// What the monotonic clock shows.
    #[inline]
    pub fn mono(&self, at: GlobalTime) -> LocalTime {
        let real = at.since(self.since).0;
        if self.rate == UNIT_RATE {
            return LocalTime(self.mono_then.0 + real);
        }
        LocalTime(self.mono_then.0 + ((u128::from(real) * u128::from(self.rate)) >> 32) as u64)
    }

    /// The first global instant at which the monotonic clock shows at least `local`, not before the clock's last
    /// change. Rounded up: a timer set from it is never early.
    #[inline]
    pub fn when_mono_shows(&self, local: LocalTime) -> GlobalTime {
        let ahead = local.since(self.mono_then).0;
        if self.rate == UNIT_RATE {
            return GlobalTime(self.since.0.saturating_add(ahead));
        }
        let real = (u128::from(ahead) << 32).div_ceil(u128::from(self.rate));
        GlobalTime(self.since.0.saturating_add(u64::try_from(real).unwrap_or(u64::MAX)))
    }

    /// The first global instant at which the monotonic clock shows so much more than at `at`.
    #[inline]
    pub fn when_mono_has_gained(&self, span: Span, at: GlobalTime) -> GlobalTime {
        if self.rate == UNIT_RATE {
            return at + span;
        }
        self.when_mono_shows(self.mono(at) + span)
    }

    /// The first global instant at which the wall clock shows at least `wall`, at its present offset and rate.
    pub fn when_wall_shows(&self, wall: WallTime) -> GlobalTime {
        let mono = wall.0.saturating_sub(self.wall_offset).max(0);
        self.when_mono_shows(LocalTime(mono as u64))
    }

    /// Changes the rate from `at` on; what the clocks show at `at` stays.
    pub fn set_drift(&mut self, at: GlobalTime, drift_ppm: i32) {
        self.mono_then = self.mono(at);
        self.since = at;
        self.rate = rate_of(drift_ppm);
    }

    /// Steps the wall clock by so many nanoseconds, forwards or back. The monotonic clock does not notice.
    pub fn step_wall(&mut self, by: i64) {
        self.wall_offset = self.wall_offset.wrapping_add(by);
    }
}

fn rate_of(drift_ppm: i32) -> u64 {
    let ppm = i64::from(drift_ppm.clamp(-Clock::MAX_DRIFT_PPM, Clock::MAX_DRIFT_PPM));
    // The largest product is 1.9e6 * 2^32, far inside 64 bits.
    ((1_000_000 + ppm) as u64 * UNIT_RATE) / 1_000_000
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
            clock.set_drift(GlobalTime(12_345), drift / 2);
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
            clock.set_drift(GlobalTime(12_345), drift);
            let (now, span) = (GlobalTime(7_777_777), Span::millis(3));
            let shown = clock.mono(now) + span;
            assert_eq!(clock.when_mono_has_gained(span, now), clock.when_mono_shows(shown), "drift {drift}");
        }
    }

    #[test]
    fn a_change_of_rate_does_not_move_the_reading() {
        let mut clock = Clock::new(-500, 17);
        let at = GlobalTime(987_654_321);
        let before = clock.read(at);
        clock.set_drift(at, 800);
        assert_eq!(clock.read(at), before);
    }

    #[test]
    fn a_wall_step_moves_only_the_wall_clock() {
        let mut clock = Clock::new(0, -5_000);
        let at = GlobalTime(1_000_000);
        clock.step_wall(-2_000_000);
        assert_eq!(clock.read(at), Now { mono: LocalTime(1_000_000), wall: WallTime(1_000_000 - 2_005_000) });
        assert_eq!(clock.when_wall_shows(WallTime(0)), GlobalTime(2_005_000));
    }
}
