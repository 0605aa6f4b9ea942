//! When each node's timers run out.
//!
//! A timer that is set anew on every heartbeat would leave a dead entry in the queue each time. So a timer has at most
//! one live entry: setting it later only notes the new deadline, and the entry is pushed again when it comes up too
//! early. The sequence number is taken when the timer is SET and kept through re-pushes: two timers due at one instant
//! fire in the order in which they were set, whatever queue and whatever scheme carries them.
//!
//! A timer runs by its node's clock. Where that changes, the node's timers are taken out, each with what the clock will
//! show when it is due, and set anew by the changed clock, under the numbers that they have. A clock that stands leaves
//! them taken out.

use interregnum_kernel::{Clock, GlobalTime, LocalTime, NodeId};

const NEVER: GlobalTime = GlobalTime(u64::MAX);

#[derive(Clone, Copy, Debug)]
struct Slot {
    deadline: GlobalTime,
    sequence: u64,
    queued_at: GlobalTime,
    queued_sequence: u64,
}

const IDLE: Slot = Slot { deadline: NEVER, sequence: 0, queued_at: NEVER, queued_sequence: 0 };

/// What is to be done about a queue entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// The timer runs out now.
    Fire,
    /// The timer was set to a later time meanwhile: push it again for this time under this number.
    Later(GlobalTime, u64),
    /// The timer is no longer set, or another entry stands for it.
    Stale,
}

/// A timer that is taken out while its node's clock changes, or stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parked {
    node: NodeId,
    pub(crate) slot: usize,
    /// When it is due by the node's own clock.
    pub(crate) due: LocalTime,
    pub(crate) sequence: u64,
}

/// The timers of all nodes, in one dense array.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    slots: Vec<Slot>,
    per_node: usize,
    parked: Vec<Parked>,
}

impl Timers {
    /// Makes all timers of so many nodes idle.
    pub(crate) fn reset(&mut self, nodes: usize, per_node: usize) {
        self.per_node = per_node;
        self.slots.clear();
        self.slots.resize(nodes * per_node, IDLE);
        self.parked.clear();
    }

    #[inline]
    fn at(&mut self, node: NodeId, slot: usize) -> &mut Slot {
        &mut self.slots[node.index() * self.per_node + slot]
    }

    /// Sets a timer. True when an entry with this time and number must be pushed.
    #[inline]
    pub(crate) fn set(&mut self, node: NodeId, slot: usize, deadline: GlobalTime, sequence: u64) -> bool {
        let slot = self.at(node, slot);
        slot.deadline = deadline;
        slot.sequence = sequence;
        if slot.queued_at <= deadline {
            return false;
        }
        slot.queued_at = deadline;
        slot.queued_sequence = sequence;
        true
    }

    /// Makes a timer idle. Its entry stays in the queue and will be found stale, or serve the next setting.
    #[inline]
    pub(crate) fn unset(&mut self, node: NodeId, slot: usize) {
        self.at(node, slot).deadline = NEVER;
    }

    /// Whether a timer that was set with this number and came due has not been set again since.
    pub(crate) fn ran_out(&self, node: NodeId, slot: usize, sequence: u64) -> bool {
        self.slots[node.index() * self.per_node + slot].sequence == sequence
    }

    /// Makes all timers of a node idle: its process has died. An engine that runs processes may have lost entries with it that
    /// had come up and were not heard, so that none is counted on.
    pub(crate) fn unset_all(&mut self, node: NodeId) {
        for slot in 0..self.per_node {
            let slot = self.at(node, slot);
            slot.deadline = NEVER;
            slot.queued_at = NEVER;
        }
        self.parked.retain(|parked| parked.node != node);
    }

    /// Takes a node's timers out, by what its clock shows when they are due. It shows so much first at that instant or a
    /// moment before, so that a timer can come out of this later than it was, by less than two nanoseconds, and never
    /// earlier.
    pub(crate) fn park(&mut self, node: NodeId, clock: &Clock) {
        for slot in 0..self.per_node {
            let Slot { deadline, sequence, .. } = *self.at(node, slot);
            if deadline != NEVER {
                self.parked.push(Parked { node, slot, due: clock.mono(deadline), sequence });
                self.unset(node, slot);
            }
        }
    }

    /// What is taken out of a node's timers, to be [set](Timers::set) anew.
    pub(crate) fn unpark(&mut self, node: NodeId) -> Vec<Parked> {
        let (taken, left) = self.parked.iter().partition(|parked| parked.node == node);
        self.parked = left;
        taken
    }

    /// Judges a queue entry that has come up.
    #[inline]
    pub(crate) fn due(&mut self, node: NodeId, slot: usize, at: GlobalTime, sequence: u64) -> Due {
        let slot = self.at(node, slot);
        if slot.queued_at != at || slot.queued_sequence != sequence {
            return Due::Stale;
        }
        if slot.deadline == NEVER {
            slot.queued_at = NEVER;
            return Due::Stale;
        }
        if slot.deadline == at && slot.sequence == sequence {
            slot.deadline = NEVER;
            slot.queued_at = NEVER;
            return Due::Fire;
        }
        slot.queued_at = slot.deadline;
        slot.queued_sequence = slot.sequence;
        Due::Later(slot.deadline, slot.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: NodeId = NodeId(0);

    fn timers() -> Timers {
        let mut timers = Timers::default();
        timers.reset(1, 1);
        timers
    }

    #[test]
    fn a_timer_set_later_is_pushed_again_when_its_entry_comes_up() {
        let mut timers = timers();
        assert!(timers.set(NODE, 0, GlobalTime(100), 1), "the first setting needs an entry");
        assert!(!timers.set(NODE, 0, GlobalTime(150), 2), "a later one does not");
        assert_eq!(timers.due(NODE, 0, GlobalTime(100), 1), Due::Later(GlobalTime(150), 2));
        assert_eq!(timers.due(NODE, 0, GlobalTime(150), 2), Due::Fire);
    }

    #[test]
    fn a_timer_set_earlier_gets_a_new_entry_and_the_old_one_is_stale() {
        let mut timers = timers();
        assert!(timers.set(NODE, 0, GlobalTime(100), 1));
        assert!(timers.set(NODE, 0, GlobalTime(50), 2));
        assert_eq!(timers.due(NODE, 0, GlobalTime(50), 2), Due::Fire);
        assert_eq!(timers.due(NODE, 0, GlobalTime(100), 1), Due::Stale);
    }

    #[test]
    fn a_timer_that_was_unset_does_not_fire() {
        let mut timers = timers();
        assert!(timers.set(NODE, 0, GlobalTime(100), 1));
        timers.unset(NODE, 0);
        assert_eq!(timers.due(NODE, 0, GlobalTime(100), 1), Due::Stale);
        assert!(timers.set(NODE, 0, GlobalTime(200), 2), "and needs a new entry after that");
    }

    #[test]
    fn a_timer_set_again_to_the_same_instant_takes_its_new_place_there() {
        let mut timers = timers();
        assert!(timers.set(NODE, 0, GlobalTime(100), 1));
        assert!(!timers.set(NODE, 0, GlobalTime(100), 7));
        assert_eq!(timers.due(NODE, 0, GlobalTime(100), 1), Due::Later(GlobalTime(100), 7));
        assert_eq!(timers.due(NODE, 0, GlobalTime(100), 7), Due::Fire);
    }

    #[test]
    fn a_parked_timer_keeps_its_number_and_does_not_fire() {
        let mut timers = timers();
        let clock = Clock::new(0, 0);
        assert!(timers.set(NODE, 0, GlobalTime(100), 1));
        timers.park(NODE, &clock);
        assert_eq!(timers.due(NODE, 0, GlobalTime(100), 1), Due::Stale);
        assert_eq!(timers.unpark(NODE), [Parked { node: NODE, slot: 0, due: LocalTime(100), sequence: 1 }]);
        assert_eq!(timers.unpark(NODE), [], "and is taken out once");
    }

    #[test]
    fn a_timer_moved_to_and_fro_fires_once() {
        let mut timers = timers();
        assert!(timers.set(NODE, 0, GlobalTime(100), 1));
        timers.unset(NODE, 0);
        assert!(timers.set(NODE, 0, GlobalTime(50), 1), "earlier: a second entry");
        timers.unset(NODE, 0);
        assert!(!timers.set(NODE, 0, GlobalTime(100), 1), "back: the second entry serves");
        assert_eq!(timers.due(NODE, 0, GlobalTime(50), 1), Due::Later(GlobalTime(100), 1));
        assert_eq!(timers.due(NODE, 0, GlobalTime(100), 1), Due::Fire);
        assert_eq!(
            timers.due(NODE, 0, GlobalTime(100), 1),
            Due::Stale,
            "the first entry, equal to the third"
        );
    }

    #[test]
    fn an_entry_that_is_lost_with_a_process_is_not_counted_on() {
        let mut timers = timers();
        assert!(
            timers.set(NODE, 0, GlobalTime(100), 1),
            "its entry comes up, and is dropped with the process"
        );
        timers.unset_all(NODE);
        assert!(timers.set(NODE, 0, GlobalTime(200), 2), "the next life has one of its own");
        assert_eq!(timers.due(NODE, 0, GlobalTime(100), 1), Due::Stale, "if the first comes up after all");
        assert_eq!(timers.due(NODE, 0, GlobalTime(200), 2), Due::Fire);
    }

    #[test]
    fn a_parked_timer_dies_with_its_process() {
        let mut timers = timers();
        assert!(timers.set(NODE, 0, GlobalTime(100), 1));
        timers.park(NODE, &Clock::new(0, 0));
        timers.unset_all(NODE);
        assert_eq!(timers.unpark(NODE), []);
    }
}
