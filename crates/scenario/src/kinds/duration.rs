//! Durations with units, and ranges of them.

use crate::declare::{Item, Kind};
use crate::reader::{Reader, Remark};
use interregnum_kernel::{Jitter, Span};
use serde_json::json;
use toml::de::DeValue;

/// Units and their lengths in nanoseconds.
const UNITS: [(&str, u64); 5] =
    [("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("min", 60_000_000_000)];

/// The longest duration that a file may name: thirty days. Sums of a few of them are far from overflowing.
pub(crate) const LONGEST: Span = Span::secs(30 * 24 * 60 * 60);

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotADuration {
    /// It is a number without a unit.
    NoUnit,
    /// It has a unit that is not known.
    UnknownUnit(String),
    /// It does not start with a number.
    NoNumber,
    /// It is a range.
    Range,
    /// It is longer than [`LONGEST`].
    TooLong,
    /// It has a fraction of a nanosecond.
    TooFine,
}

impl NotADuration {
    fn message(&self, text: &str) -> String {
        match self {
            NotADuration::NoUnit => format!("`{text}` has no unit"),
            NotADuration::UnknownUnit(unit) => format!("`{unit}` is not a unit of time"),
            NotADuration::NoNumber => format!("`{text}` is not a duration"),
            NotADuration::Range => format!("`{text}` is a range, not one duration"),
            NotADuration::TooLong => format!("`{text}` is longer than 30 days"),
            NotADuration::TooFine => format!("`{text}` is finer than a nanosecond"),
        }
    }

    fn hint(&self, text: &str) -> Option<String> {
        match self {
            NotADuration::NoUnit => Some(format!("did you mean `{text}ms`?")),
            NotADuration::UnknownUnit(unit) => {
                let unit = match unit.to_lowercase().as_str() {
                    "msec" | "millis" | "milliseconds" => "ms",
                    "sec" | "secs" | "second" | "seconds" => "s",
                    "µs" | "μs" | "usec" | "micros" | "microseconds" => "us",
                    "m" | "mins" | "minute" | "minutes" => "min",
                    other => UNITS.iter().find(|(known, _)| *known == other)?.0,
                };
                Some(format!("did you mean `{unit}`?"))
            }
            _ => None,
        }
    }
}

/// Reads a duration such as `150ms`, `1.5s` or `2min`.
pub(crate) fn parse(text: &str) -> Result<Span, NotADuration> {
    if text.contains("..") {
        return Err(NotADuration::Range);
    }
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    if !number.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(NotADuration::NoNumber);
    }
    let unit = unit.strip_prefix(' ').unwrap_or(unit);
    if unit.is_empty() {
        return Err(NotADuration::NoUnit);
    }
    let Some((_, nanos)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(NotADuration::UnknownUnit(unit.to_owned()));
    };
    decimal(number, *nanos)
}

/// A decimal number of units of so many nanoseconds, without floating point: `0.09` of a millisecond is 90,000 ns.
pub(crate) fn decimal(number: &str, nanos: u64) -> Result<Span, NotADuration> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !numeric(whole) || !numeric(fraction) {
        return Err(NotADuration::NoNumber);
    }
    let whole = whole.parse::<u64>().ok().and_then(|n| n.checked_mul(nanos)).ok_or(NotADuration::TooLong)?;
    let mut rest = 0u64;
    let mut place = nanos;
    for digit in fraction.trim_end_matches('0').bytes() {
        if !place.is_multiple_of(10) {
            return Err(NotADuration::TooFine);
        }
        place /= 10;
        rest += u64::from(digit - b'0') * place;
    }
    match whole.checked_add(rest).map(Span) {
        Some(span) if span <= LONGEST => Ok(span),
        _ => Err(NotADuration::TooLong),
    }
}

/// Reads a range such as `1ms..5ms`, or one duration as the range of that one.
fn parse_range(text: &str) -> Result<(Span, Span), (String, NotADuration)> {
    let end = |part: &str| parse(part.trim()).map_err(|problem| (part.trim().to_owned(), problem));
    match text.split_once("..") {
        Some((low, high)) => Ok((end(low)?, end(high)?)),
        None => end(text).map(|only| (only, only)),
    }
}

fn report(reader: &mut Reader<'_>, item: &Item<'_>, text: &str, problem: &NotADuration, words: &str) {
    let remark = Remark::error(item.span(), problem.message(text)).expected(words);
    reader.report(remark.maybe_hint(problem.hint(text)));
}

/// A number where a duration belongs lacks its unit: that is a better message than a wrong type.
fn text_of<'d>(reader: &mut Reader<'_>, item: &'d Item<'_>, words: &str) -> Option<&'d str> {
    if matches!(item.get_ref(), DeValue::Integer(_) | DeValue::Float(_)) {
        let text = reader.excerpt(&item.span());
        report(reader, item, &text, &NotADuration::NoUnit, words);
        return None;
    }
    reader.text(item, words)
}

const DURATION_PATTERN: &str = "^[0-9]+(\\.[0-9]+)? ?(ns|us|ms|s|min)$";
const RANGE_PATTERN: &str =
    "^[0-9]+(\\.[0-9]+)? ?(ns|us|ms|s|min)( *\\.\\. *[0-9]+(\\.[0-9]+)? ?(ns|us|ms|s|min))?$";

const SIGNED_PATTERN: &str = "[+-]?[0-9]+(\\.[0-9]+)? ?(ns|us|ms|s|min)";

fn duration(reader: &mut Reader<'_>, item: &Item<'_>, words: &str) -> Option<Span> {
    let text = text_of(reader, item, words)?;
    parse(text).map_err(|problem| report(reader, item, text, &problem, words)).ok()
}

fn period(reader: &mut Reader<'_>, item: &Item<'_>, words: &str) -> Option<Span> {
    let period = duration(reader, item, words)?;
    if period == Span::ZERO {
        reader.report(Remark::error(item.span(), "the duration is zero").expected(words));
        return None;
    }
    Some(period)
}

/// A duration.
pub(crate) const DURATION: Kind<Span> = Kind {
    words: "a duration such as \"50ms\"",
    read: |reader, item| duration(reader, item, DURATION.words),
    schema: |_| json!({ "type": "string", "pattern": DURATION_PATTERN }),
};

/// A duration that is longer than zero.
pub(crate) const PERIOD: Kind<Span> = Kind {
    words: "a duration longer than zero, such as \"50ms\"",
    read: |reader, item| period(reader, item, PERIOD.words),
    schema: |catalogue| (DURATION.schema)(catalogue),
};

/// A duration longer than zero, or `"never"`.
pub(crate) const PERIOD_OR_NEVER: Kind<Option<Span>> = Kind {
    words: "a duration longer than zero, such as \"50ms\", or \"never\"",
    read: |reader, item| match item.get_ref().as_str() {
        Some("never") => Some(None),
        _ => period(reader, item, PERIOD_OR_NEVER.words).map(Some),
    },
    schema: |catalogue| json!({ "anyOf": [{ "const": "never" }, (DURATION.schema)(catalogue)] }),
};

/// A range of durations, both ends included.
pub(crate) const RANGE: Kind<Jitter> = Kind {
    words: "a range of durations such as \"1ms..5ms\", or one duration",
    read: |reader, item| {
        let text = text_of(reader, item, RANGE.words)?;
        match parse_range(text) {
            Ok((min, max)) if min <= max => Some(Jitter { min, max }),
            Ok((min, max)) => {
                let remark = Remark::error(item.span(), "the range runs backwards").expected(RANGE.words);
                reader.report(remark.hint(format!("did you mean `{max}..{min}`?")));
                None
            }
            Err((part, problem)) => {
                report(reader, item, &part, &problem, RANGE.words);
                None
            }
        }
    },
    schema: |_| json!({ "type": "string", "pattern": RANGE_PATTERN }),
};

/// A range of durations that is not just zero.
pub(crate) const SOME_RANGE: Kind<Jitter> = Kind {
    words: "a range of durations such as \"1ms..5ms\", or one duration, longer than zero",
    read: |reader, item| {
        let range = reader.read(&RANGE, item)?;
        if range.max == Span::ZERO {
            reader.report(Remark::error(item.span(), "the duration is zero").expected(SOME_RANGE.words));
            return None;
        }
        Some(range)
    },
    schema: |catalogue| (RANGE.schema)(catalogue),
};

/// A duration that may be negative, in nanoseconds, and is not zero.
pub(crate) const SHIFT: Kind<i64> = Kind {
    words: "a duration with a sign, such as \"-500ms\" or \"2s\", and not zero",
    read: |reader, item| {
        let text = text_of(reader, item, SHIFT.words)?;
        match signed(text) {
            Ok(0) => {
                reader.report(Remark::error(item.span(), "the duration is zero").expected(SHIFT.words));
                None
            }
            Ok(shift) => Some(shift),
            Err(problem) => {
                report(reader, item, text, &problem, SHIFT.words);
                None
            }
        }
    },
    schema: |_| json!({ "type": "string", "pattern": format!("^{SIGNED_PATTERN}$") }),
};

/// Reads a duration with a sign, in nanoseconds.
fn signed(text: &str) -> Result<i64, NotADuration> {
    let (sign, size) = match text.strip_prefix('-') {
        Some(size) => (-1, size),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    // Thirty days in nanoseconds are far below the largest signed number.
    parse(size).map(|span| sign * span.0 as i64)
}

/// A range of durations that may be negative, in nanoseconds.
pub(crate) const SIGNED_RANGE: Kind<(i64, i64)> = Kind {
    words: "a range of durations with signs, such as \"-50ms..50ms\", or one of them",
    read: |reader, item| {
        let text = text_of(reader, item, SIGNED_RANGE.words)?;
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        let mut ends = [0; 2];
        for (end, part) in ends.iter_mut().zip([low.trim(), high.trim()]) {
            match signed(part) {
                Ok(shift) => *end = shift,
                Err(problem) => {
                    report(reader, item, part, &problem, SIGNED_RANGE.words);
                    return None;
                }
            }
        }
        if ends[0] > ends[1] {
            let remark = Remark::error(item.span(), "the range runs backwards").expected(SIGNED_RANGE.words);
            reader.report(remark.hint(format!("did you mean `{}..{}`?", high.trim(), low.trim())));
            return None;
        }
        Some((ends[0], ends[1]))
    },
    schema: |_| {
        let one = SIGNED_PATTERN;
        json!({ "type": "string", "pattern": format!("^{one}( *\\.\\. *{one})?$") })
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact() {
        for (text, expected) in [
            ("0ms", Span::ZERO),
            ("150ms", Span::millis(150)),
            ("1.5s", Span::millis(1500)),
            ("0.09ms", Span::micros(90)),
            ("2min", Span::secs(120)),
            ("7ns", Span(7)),
            ("30 us", Span::micros(30)),
            ("2.50us", Span(2500)),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_says_why() {
        for (text, expected) in [
            ("150", NotADuration::NoUnit),
            ("", NotADuration::NoNumber),
            ("ms", NotADuration::NoNumber),
            ("-1ms", NotADuration::NoNumber),
            ("1ms..2ms", NotADuration::Range),
            ("1.ms", NotADuration::NoNumber),
            ("3 weeks", NotADuration::UnknownUnit("weeks".to_owned())),
            ("0.5ns", NotADuration::TooFine),
            ("99999999999999999999s", NotADuration::TooLong),
            ("18446744073709551615ns", NotADuration::TooLong),
            ("43201min", NotADuration::TooLong),
        ] {
            assert_eq!(parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn what_is_printed_is_read_back() {
        for span in [Span::ZERO, Span(1), Span::micros(1500), Span::millis(20), Span::secs(90)] {
            assert_eq!(parse(&span.to_string()), Ok(span), "{span}");
        }
    }
}
