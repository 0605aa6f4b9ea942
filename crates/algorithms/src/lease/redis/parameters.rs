//! What can be set of the Redis lock, and what of it is refused.

use crate::lease::parameters::by_profile;
use crate::profile::{HEARTBEAT_INTERVAL, check_timeout, refuse};
use interregnum_kernel::{
    Deadline, Jitter, NodeSet, Now, ParameterError, ParameterKind, ParameterSpec, Parameters, Span, Value,
    WallTime,
};

pub(super) const TTL: ParameterSpec = by_profile! {
    Span "ttl": "for how long a lock is set or extended, in whole milliseconds",
    matched: Span::millis(300),
    // redsync, redsync.go, NewMutex (expiry).
    production: Span::secs(8),
};

pub(super) const EXTEND_EVERY: ParameterSpec = by_profile! {
    Span "extend_every": "how long after the answers to the last extension the holder asks for the next; below the validity",
    matched: HEARTBEAT_INTERVAL,
    // A third of the ttl, as Redisson's watchdog (lockWatchdogTimeout / 3). Redlock leaves it to the user.
    production: Span::millis(2_666),
};

pub(super) const RETRY_DELAY: ParameterSpec = by_profile! {
    Jitter "retry_delay": "how long a contender waits between a failed attempt and the next",
    // Matched: node-redlock, src/index.ts, defaultSettings (200 ms and a jitter of 100 ms). Production: redsync, redsync.go,
    // NewMutex (delayFunc).
    matched: Jitter::between(Span::millis(100), Span::millis(300)),
    production: Jitter::between(Span::millis(50), Span::millis(250)),
};

pub(super) const REQUEST_TIMEOUT: ParameterSpec = by_profile! {
    Span "request_timeout": "how long a contender waits for the masters' answers; below the validity, and small against it",
    // Matched: the most that the documentation names. Production: redsync, redsync.go, NewMutex (timeoutFactor, 5 % of the
    // ttl).
    matched: Span::millis(50),
    production: Span::millis(400),
};

pub(super) const FSYNC: ParameterSpec = ParameterSpec {
    name: "fsync",
    kind: ParameterKind::Word(&["no", "everysec", "always"]),
    doc: "when a master's data go to disk: never, once a second, or before every answer that tells of a change",
    // redis.conf: appendfsync everysec.
    default: |_| Value::Word("everysec".to_owned()),
};

pub(super) const RESTART_DELAY: ParameterSpec = ParameterSpec {
    name: "restart_delay",
    kind: ParameterKind::Span,
    doc: "for how long a restarted master does not serve; more than the ttl makes up for what it has forgotten",
    default: |_| Value::Span(Span::ZERO),
};

pub(super) const CLIENT_CLOCK: ParameterSpec = ParameterSpec {
    name: "client_clock",
    kind: ParameterKind::Word(&["monotonic", "wall"]),
    doc: "by which of its clocks a contender measures the validity: redsync by the monotonic one, redlock-rb, redlock-py and node-redlock by the wall clock",
    default: |_| Value::Word("monotonic".to_owned()),
};

/// When a master's data go to disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Fsync {
    No,
    EverySecond,
    Always,
}

/// How often a master with `everysec` writes out what has changed.
pub(super) const FLUSH_INTERVAL: Span = Span::secs(1);

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Settings {
    pub(super) contenders: NodeSet,
    pub(super) masters: NodeSet,
    pub(super) ttl: Span,
    pub(super) extend_every: Span,
    pub(super) retry_delay: Jitter,
    pub(super) request_timeout: Span,
    pub(super) fsync: Fsync,
    pub(super) restart_delay: Span,
    pub(super) wall: bool,
}

/// How long a lock is valid that took no time to get: what is left of the ttl after the clocks' drift (1 %), the precision
/// of expiries (1 ms) and one millisecond more for short ttls. redlock-rb, lib/redlock.rb, lock.
pub(super) const fn validity(ttl: Span) -> Span {
    ttl.saturating_sub(ttl.scaled(1, 100)).saturating_sub(Span::millis(2))
}

impl Settings {
    pub(super) fn read(parameters: &Parameters) -> Result<Settings, ParameterError> {
        let members = parameters.cluster()?;
        let masters = parameters.service;
        if masters.is_empty() {
            return Err(ParameterError {
                parameter: "service",
                problem: "there is no Redis master; one makes the single-instance lock, five make Redlock"
                    .to_owned(),
            });
        }
        let ttl = parameters.span(&TTL)?;
        let valid = check_ttl(ttl)?;
        let extend_every = below(parameters, &EXTEND_EVERY, valid, "the lock would run out before")?;
        let request_timeout =
            below(parameters, &REQUEST_TIMEOUT, valid, "a lock could be waited for longer than it is valid")?;
        let retry_delay = parameters.jitter(&RETRY_DELAY)?;
        check_timeout(&RETRY_DELAY, retry_delay)?;
        let fsync = match parameters.word(&FSYNC)? {
            0 => Fsync::No,
            1 => Fsync::EverySecond,
            _ => Fsync::Always,
        };
        Ok(Settings {
            contenders: members.minus(masters),
            masters,
            ttl,
            extend_every,
            retry_delay,
            request_timeout,
            fsync,
            restart_delay: parameters.span(&RESTART_DELAY)?,
            wall: parameters.word(&CLIENT_CLOCK)? == 1,
        })
    }

    /// How many masters make a quorum.
    pub(super) fn quorum(&self) -> usize {
        self.masters.len() / 2 + 1
    }

    /// Whether so many masters make a quorum impossible by their refusal.
    pub(super) fn is_blocked_by(&self, against: NodeSet) -> bool {
        self.masters.len() - against.len() < self.quorum()
    }

    /// Until when a lock is valid that was asked for at that time.
    pub(super) fn deadline(&self, asked: Now) -> Deadline {
        let valid = validity(self.ttl);
        if self.wall {
            let span = i64::try_from(valid.0).unwrap_or(i64::MAX);
            Deadline::Wall(WallTime(asked.wall.0.saturating_add(span)))
        } else {
            Deadline::Mono(asked.mono + valid)
        }
    }
}

fn check_ttl(ttl: Span) -> Result<Span, ParameterError> {
    if !ttl.0.is_multiple_of(Span::millis(1).0) {
        return refuse(&TTL, format!("{ttl} is not in whole milliseconds, and PX takes no others"));
    }
    match validity(ttl) {
        Span::ZERO => {
            refuse(&TTL, format!("nothing of {ttl} is left to be valid after 1 % for drift and 2 ms"))
        }
        valid => Ok(valid),
    }
}

fn below(
    parameters: &Parameters,
    spec: &ParameterSpec,
    valid: Span,
    otherwise: &str,
) -> Result<Span, ParameterError> {
    let span = parameters.span(spec)?;
    if span < Span::micros(1) {
        return refuse(spec, "must be at least 1us: no network is as fast");
    }
    if span >= valid {
        return refuse(spec, format!("{span} is not below the validity, {valid}: {otherwise}"));
    }
    Ok(span)
}

/// What is odd, though it is accepted.
pub(super) fn warnings(parameters: &Parameters) -> Vec<ParameterError> {
    let Ok(settings) = Settings::read(parameters) else { return Vec::new() };
    let warn = |parameter, problem| ParameterError { parameter, problem };
    let masters = settings.masters.len();
    let even = masters.is_multiple_of(2).then(|| {
        let fewer = masters - 1;
        let problem = format!(
            "{masters} masters need {} for a quorum and bear no more losses than {fewer}",
            settings.quorum()
        );
        warn("service", problem)
    });
    let Settings { ttl, extend_every, request_timeout, restart_delay, .. } = settings;
    let twice = extend_every + extend_every + request_timeout;
    let tight = (twice > validity(ttl)).then(|| {
        let problem =
            format!("one extension that fails loses the lock: two intervals are not below {}", validity(ttl));
        warn(EXTEND_EVERY.name, problem)
    });
    let early = (restart_delay > Span::ZERO && restart_delay <= ttl).then(|| {
        let problem = format!(
            "{restart_delay} is not above the ttl, {ttl}: locks that the master forgot may still be valid"
        );
        warn(RESTART_DELAY.name, problem)
    });
    even.into_iter().chain(tight).chain(early).collect()
}
