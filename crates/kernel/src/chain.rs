//! What is left of log entries that are no longer kept: a running digest, by which two logs can still be compared.

use crate::ids::{LogEntry, LogIndex};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A digest of a log's entries from the first to some position, in their order. Two logs with equal chains up to a
/// position hold the same entries up to it, but for one chance in 2^64. It resists chance, not forgery.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogChain(pub u64);

impl LogChain {
    /// The chain of an empty log.
    pub const EMPTY: LogChain = LogChain(0);

    /// The chain of the log that goes on with this entry.
    #[must_use]
    pub const fn then(self, entry: LogEntry) -> LogChain {
        let chain = mix(self.0, entry.epoch.0);
        LogChain(match entry.command {
            None => mix(chain, 0),
            // A command may be any number: a second step tells it from a no-op.
            Some(command) => mix(mix(chain, 1), command.0),
        })
    }
}

/// One step of SplitMix64: every bit of what came before and of the field reaches every bit of the result.
const fn mix(chain: u64, field: u64) -> u64 {
    let x = (chain.rotate_left(23) ^ field).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

impl fmt::Debug for LogChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What a snapshot says of the entries that it stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Covered {
    /// The position of the last of them.
    pub last: LogIndex,
    /// Their chain, from position 1 on.
    pub chain: LogChain,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Command, Epoch};

    fn chain(entries: &[(u64, Option<u64>)]) -> LogChain {
        let entry = |(epoch, command): &(u64, Option<u64>)| LogEntry {
            epoch: Epoch(*epoch),
            command: command.map(Command),
        };
        entries.iter().map(entry).fold(LogChain::EMPTY, LogChain::then)
    }

    #[test]
    fn order_epoch_command_and_number_of_entries_matter() {
        let whole = chain(&[(1, None), (1, Some(7)), (2, Some(8))]);
        assert_ne!(whole, chain(&[(1, Some(7)), (1, None), (2, Some(8))]), "the order");
        assert_ne!(whole, chain(&[(1, None), (1, Some(7)), (3, Some(8))]), "an epoch");
        assert_ne!(whole, chain(&[(1, None), (1, Some(7)), (2, Some(9))]), "a command");
        assert_ne!(whole, chain(&[(1, None), (1, Some(7))]), "the length");
        assert_ne!(chain(&[(1, None)]), chain(&[(1, Some(0))]), "a no-op is no command");
    }

    #[test]
    fn the_value_is_fixed_for_ever() {
        assert_eq!(format!("{:?}", chain(&[(1, None), (2, Some(3))])), "98080f87ca94855b");
    }
}
