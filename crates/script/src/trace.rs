//! What a script prints of what happens: the levels of detail, and the words.

use interregnum_kernel::{
    Command, Deadline, Epoch, Fact, Jitter, Leadership, LogEntry, NodeId, Office, Order, Process, Span, What,
};
use std::fmt::{Debug, Write as _};

/// How much of what happens is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Nothing; questions are answered all the same.
    Off,
    /// What nodes are and state: roles, epochs, leaderships, votes, commits.
    Facts,
    /// Inputs and messages too.
    Messages,
    /// Timers, writes, and what waits for them too.
    #[default]
    All,
}

impl Level {
    /// The levels by the words that set them.
    pub(crate) const WORDS: [(&str, Level); 4] =
        [("off", Level::Off), ("facts", Level::Facts), ("messages", Level::Messages), ("all", Level::All)];

    /// The level of this name.
    pub(crate) fn named(word: &str) -> Option<Level> {
        Level::WORDS.iter().find(|(name, _)| *name == word).map(|(_, level)| *level)
    }
}

/// The lines of one command's output.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    level: Level,
    lines: String,
}

impl Trace {
    /// No lines yet.
    pub(crate) fn of(level: Level) -> Trace {
        Trace { level, lines: String::new() }
    }

    /// What happens to a node, in whole words; what it does about it follows, indented.
    pub(crate) fn input(&mut self, line: impl FnOnce() -> String) {
        if self.level >= Level::Messages {
            self.say(&line());
        }
    }

    /// A write that became durable: an input too, of which only the whole trace shows what it was.
    pub(crate) fn written(&mut self, node: NodeId, write: &impl Debug) {
        match self.level {
            Level::All => self.say(&format!("{node} has written {}", plain(write))),
            Level::Messages => self.say(&format!("{node} has written")),
            Level::Off | Level::Facts => {}
        }
    }

    /// What a node does.
    pub(crate) fn effect(&mut self, of: Level, node: NodeId, what: impl FnOnce() -> String) {
        if self.level < of {
            return;
        }
        let what = what();
        // Without the line of the input above it, a line must say whose it is.
        let line = if self.level >= Level::Messages { format!("  {what}") } else { format!("{node} {what}") };
        self.say(&line);
    }

    /// The answer to a question, whatever the level.
    pub(crate) fn say(&mut self, line: &str) {
        self.lines.push_str(line);
        self.lines.push('\n');
    }

    /// What was printed since the last time.
    pub(crate) fn take(&mut self) -> String {
        std::mem::take(&mut self.lines)
    }
}

/// An observation in words; `None` for what the line of the input has said already.
pub(crate) fn observation(what: &What) -> Option<String> {
    Some(match what {
        What::Elected(leadership) => format!("elected {}", reign(leadership)),
        What::Deposed(leadership) => format!("no longer leads {}", reign(leadership)),
        What::LeaseHeld(office) => format!("holds a lease{}", of_office(*office)),
        What::LeaseLost(office) => format!("holds no lease any more{}", of_office(*office)),
        What::RoleChanged(role) => format!("role {role}"),
        What::EpochEntered(epoch) => format!("epoch {epoch}"),
        // Moments are named for faults; a script crashes whom it likes when it likes.
        What::Fact(Fact::Reached(_)) => return None,
        What::Fact(fact) => self::fact(fact),
        What::Committed { index, entry } => format!("commits {index} {}", self::entry(entry)),
        What::Booted(epoch) | What::Restarted(epoch) if *epoch > Epoch::ZERO => {
            format!("epoch {epoch} from its disk")
        }
        _ => return None,
    })
}

/// A statement of a protocol in words.
pub(crate) fn fact(fact: &Fact) -> String {
    match fact {
        Fact::Voted { office, epoch, candidate } => {
            format!("voted for {candidate} in {epoch}{}", of_office(*office))
        }
        Fact::EpochStored { office, epoch } => format!("stored epoch {epoch}{}", of_office(*office)),
        Fact::Reached(phase) => format!("comes to its moment {}", phase.0),
        Fact::Granted { epoch, holder, .. } => format!("learns that {epoch} is {holder}'s"),
        Fact::Renewed { session, length } => format!("renews session {session} for {length}"),
        Fact::Expired { session } => format!("lets session {session} run out"),
        Fact::Restored(covered) => format!("goes on from a snapshot of {} entries", covered.last.0),
    }
}

/// A leadership: its epoch, and its token where it has one.
pub(crate) fn reign(leadership: &Leadership) -> String {
    let token = leadership.token.map(|token| format!(" (token {token})")).unwrap_or_default();
    format!("{}{token}{}", leadership.epoch, of_office(leadership.office))
}

fn of_office(office: Office) -> String {
    if office == Office::CONTESTED { String::new() } else { format!(" of office {office}") }
}

/// An order in words.
pub(crate) fn order(order: &Order) -> String {
    match order {
        Order::TransferLeadership(to) => format!("transfer leadership to {to}"),
        Order::Resign => "resign".to_owned(),
        Order::AddNodes { nodes, standing } => format!("add {nodes} as {}", standing.word()),
        Order::RemoveNodes(nodes) => format!("remove {nodes}"),
        Order::PromoteNodes(nodes) => format!("promote {nodes}"),
    }
}

/// The end of a lease.
pub(crate) fn deadline(deadline: Deadline) -> String {
    match deadline {
        Deadline::Mono(at) => Span(at.nanos()).to_string(),
        Deadline::Wall(at) => format!("wall {}", signed(at.0)),
    }
}

/// Nanoseconds that may be negative.
pub(crate) fn signed(nanos: i64) -> String {
    let span = Span(nanos.unsigned_abs());
    if nanos < 0 { format!("-{span}") } else { span.to_string() }
}

/// A process: the node, and which life where it is not the first.
pub(crate) fn process(process: Process) -> String {
    match process.incarnation.0 {
        0 => process.node.to_string(),
        life => format!("{} (life {})", process.node, life + 1),
    }
}

/// A timer with its range.
pub(crate) fn timer(timer: impl Debug, after: Jitter) -> String {
    format!("{timer:?} {after}")
}

/// From here on commands are not a client's: initial logs are made of them.
const NOT_A_CLIENTS: u64 = 1 << 63;

/// A log entry: its epoch, and the command where it is a client's.
pub(crate) fn entry(entry: &LogEntry) -> String {
    match entry.command {
        Some(Command(number)) if number < NOT_A_CLIENTS => format!("{} c{number}", entry.epoch),
        _ => entry.epoch.to_string(),
    }
}

/// The `Debug` text of a message, write or timer, with the kernel's own log entries and times in their short form.
pub(crate) fn plain(value: &impl Debug) -> String {
    let text = replace(&format!("{value:?}"), "LogEntry { epoch: ", " }", |inside| {
        let (epoch, command) = inside.split_once(", command: ")?;
        let number = command.strip_prefix("Some(c").and_then(|rest| rest.strip_suffix(')'));
        let client =
            number.and_then(|number| number.parse().ok()).filter(|number: &u64| *number < NOT_A_CLIENTS);
        Some(client.map_or_else(|| epoch.to_owned(), |number| format!("{epoch} c{number}")))
    });
    ["LocalTime(", "Span("].iter().fold(text, |text, name| {
        replace(&text, name, ")", |digits| Some(Span(digits.parse().ok()?).to_string()))
    })
}

/// Replaces each `open` .. `close` for which there is something shorter.
fn replace(text: &str, open: &str, close: &str, shorter: impl Fn(&str) -> Option<String>) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(open) {
        let (before, found) = rest.split_at(start);
        let inside = &found[open.len()..];
        let end = inside.find(close);
        let replaced = end.and_then(|end| Some((shorter(&inside[..end])?, &inside[end + close.len()..])));
        let (word, after) = replaced.unwrap_or_else(|| (open.to_owned(), inside));
        let _ = write!(result, "{before}{word}");
        rest = after;
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use interregnum_kernel::{Epoch, LocalTime};

    #[test]
    fn entries_and_times_are_shown_short_and_everything_else_as_it_is() {
        #[derive(Debug)]
        #[expect(dead_code, reason = "shown")]
        struct Letter {
            entries: Vec<LogEntry>,
            sent: LocalTime,
            life: Option<u8>,
        }
        let of = |command| LogEntry { epoch: Epoch(4), command };
        let letter = Letter {
            entries: vec![of(None), of(Some(Command(7))), of(Some(Command(1 << 63 | 9)))],
            sent: LocalTime(50_000_000),
            life: Some(1),
        };
        assert_eq!(plain(&letter), "Letter { entries: [e4, e4 c7, e4], sent: 50ms, life: Some(1) }");
    }

    #[test]
    fn what_only_looks_like_a_time_stays() {
        assert_eq!(plain(&"LocalTime(soon) Span(1000000)"), "\"LocalTime(soon) 1ms\"");
    }
}
