//! Clocks that are set, drift, or are strobed.

use super::options::{
    DRIFT_CLOCK, PPM_KEY, STEP_BY, STEP_CLOCK, STROBE_BY, STROBE_CLOCK, STROBE_PERIOD, option,
};
use super::{LeverSpec, bare};
use crate::declare::Key;
use crate::kinds::selector::{Selectors, TARGETS};
use crate::reader::{At, Reader, Remark};
use interregnum_kernel::{Clock, Span};
use interregnum_world::{ClockChoice, Lever, SHORTEST_TURN};

/// The levers.
pub(super) static LEVERS: [LeverSpec; 3] = [
    LeverSpec {
        key: &STEP,
        example: "clock-step = \"leader\"\nby = \"-500ms\"",
        lasts: false,
        options: &[&STEP_BY, &STEP_CLOCK],
        pull: |reader, fields| {
            let (target, by) = (reader.get(fields, &STEP), reader.get(fields, &STEP_BY));
            let clock = option(reader, fields, &STEP_CLOCK, ClockChoice::Wall).value;
            let by = by?;
            check_step(reader, &by, clock)?;
            Some(Lever::ClockStep { target: bare(target?.value), by: by.value, clock })
        },
    },
    LeverSpec {
        key: &DRIFT,
        example: "clock-drift = \"leader\"\nppm = 500",
        lasts: true,
        options: &[&PPM_KEY, &DRIFT_CLOCK],
        pull: |reader, fields| {
            let (target, ppm) = (reader.get(fields, &DRIFT), reader.get(fields, &PPM_KEY));
            let clock = option(reader, fields, &DRIFT_CLOCK, ClockChoice::Both).value;
            Some(Lever::ClockDrift { target: bare(target?.value), ppm: ppm?.value, clock })
        },
    },
    LeverSpec {
        key: &STROBE,
        example: "clock-strobe = \"leader\"\nby = \"200ms\"\nperiod = \"50ms\"",
        lasts: true,
        options: &[&STROBE_BY, &STROBE_PERIOD, &STROBE_CLOCK],
        pull: |reader, fields| {
            let (target, by) = (reader.get(fields, &STROBE), reader.get(fields, &STROBE_BY));
            let period = reader.get(fields, &STROBE_PERIOD);
            let clock = option(reader, fields, &STROBE_CLOCK, ClockChoice::Wall).value;
            let (by, period) = (by?, period?);
            check_period(reader, &period)?;
            let every = period.value;
            check_strobe(reader, &by, every, clock)?;
            Some(Lever::ClockStrobe { target: bare(target?.value), by: by.value, every, clock })
        },
    },
];

static STEP: Key<Selectors> =
    Key::optional("clock-step", TARGETS, "Sets these nodes' clocks ahead, or back, by what `by` says.");
static DRIFT: Key<Selectors> = Key::optional(
    "clock-drift",
    TARGETS,
    "Makes these nodes' clocks run faster, or slower, by what `ppm` says, on top of the drift that they have.",
);
static STROBE: Key<Selectors> = Key::optional(
    "clock-strobe",
    TARGETS,
    "Moves these nodes' clocks back and forth by what `by` says, turning every `period`: the wall clock in steps, the \
     monotonic one by running fast and slow.",
);

/// What cannot be set, since it never goes back.
fn check_step(reader: &mut Reader<'_>, by: &At<i64>, clock: ClockChoice) -> Option<()> {
    if by.value > 0 || clock == ClockChoice::Wall {
        return Some(());
    }
    let remark = Remark::error(by.span.clone(), "a monotonic clock cannot go back");
    reader.report(remark.expected("a step ahead").hint(
        "`clock-drift` makes it run slow, `freeze` makes it stand still, and `clock = \"wall\"` sets the other one",
    ));
    None
}

/// A strobe that turned more often than it can would not be the one that the file describes.
fn check_period(reader: &mut Reader<'_>, period: &At<Span>) -> Option<()> {
    if period.value >= SHORTEST_TURN {
        return Some(());
    }
    let message = format!("a clock does not turn every {}", period.value);
    reader.report(Remark::error(period.span.clone(), message).expected(format!("at least {SHORTEST_TURN}")));
    None
}

/// A monotonic clock is ahead after one period and right again after the next, without ever going back.
fn check_strobe(reader: &mut Reader<'_>, by: &At<i64>, period: Span, clock: ClockChoice) -> Option<()> {
    if clock == ClockChoice::Wall {
        return Some(());
    }
    if by.value < 0 {
        let remark = Remark::error(by.span.clone(), "a monotonic clock is strobed ahead first");
        reader.report(remark.expected("a duration without a sign"));
        return None;
    }
    // In parts per million: beyond its greatest drift a clock would have to stand, or go back, to be right again.
    let drift = i128::from(by.value) * 1_000_000;
    if drift > i128::from(period.0) * i128::from(Clock::MAX_DRIFT_PPM) {
        let message =
            format!("a monotonic clock cannot lose {} again within {period}", Span(by.value.unsigned_abs()));
        let most = u128::from(period.0) * u128::from(Clock::MAX_DRIFT_PPM.unsigned_abs()) / 1_000_000;
        let most = Span(u64::try_from(most).unwrap_or(u64::MAX));
        let remark = Remark::error(by.span.clone(), message);
        reader.report(remark.expected(format!("at most {most}, which is the fastest drift of a clock")));
        return None;
    }
    Some(())
}
