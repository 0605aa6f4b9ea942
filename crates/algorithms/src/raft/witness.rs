//! Witnesses: nodes that vote and store no entries, so that two copies of the data and a third vote outlive most single
//! failures. Nothing is lost in any; who is left may have to wait for the failed node (see the price).
//!
//! **The rule.** A witness keeps, durably, the position of the last entry that a leader told it of, as (epoch, index), and
//! nothing else of the log. It takes a position that is later in that order and keeps an earlier one, acknowledges either
//! once it is durable, and votes for nobody whose log ends before it.
//!
//! **Why that is enough.** Where an entry was committed with the witness's acknowledgement, its position is at least the
//! entry's; a candidate that it votes for ends at least there, in the entry's epoch or a later one; and a log that ends so
//! has the entry, by the paper's own argument (§5.4.3). A position is never taken back, as a log's end may be when another
//! leader replaces it: that only makes the witness refuse more.
//!
//! **The price.** An entry committed with a witness may stand on one disk alone. If that node is lost the others wait for
//! it: the witness refuses them, where a third copy would have gone on. (Two nodes with data and a witness, 2 % of messages
//! lost, commands every 5 ms: when the leader crashed, 9 of 300 runs had no other until it was back.) So a leader tells a witness only of what a voter with
//! data, itself or another, has on its disk: that voter can be elected. The witness hears of an entry one fsync later. (A
//! leader that is about to be removed is no such voter. Random plans found a witness that waited for it for ever.)
//!
//! Which nodes are witnesses is a property of their machines and never changes: a node that gave up its entries could not
//! become a voter with a log again without breaking what it acknowledged.

use super::bugs::Plant;
use super::state::{LogWrite, State};
use super::{Message, Out, Raft};
use interregnum_kernel::{Epoch, LogIndex, NodeId, NodeSet};

impl Raft {
    /// Whether the node stores no entries.
    #[inline]
    pub(super) fn is_witness(&self, node: NodeId) -> bool {
        self.witnesses.contains(node)
    }

    /// A node with data has more than before: the witnesses are told.
    #[cold]
    pub(super) fn tell_witnesses(&self, state: &mut State, out: &mut Out) {
        for witness in self.peers(state).intersection(self.witnesses).iter() {
            self.tell_position(state, witness, out);
        }
    }

    /// Tells a witness how far the log is stored, if it was not told that already.
    #[cold]
    pub(super) fn tell_position(&self, state: &mut State, witness: NodeId, out: &mut Out) {
        let index = self.stored(state);
        let epoch = state.log.epoch_at(index);
        let next = &mut state.leading.progress[witness.index()].next;
        let news = index >= *next && !state.leading.stalled;
        if let (Some(epoch), true) = (epoch, news) {
            *next = index.next();
            out.send(witness, Message::AppendPosition { term: state.current_term, epoch, index });
        }
    }

    /// Up to where a voter with data has the log on its disk, in each of joined configurations.
    fn stored(&self, state: &State) -> LogIndex {
        let furthest = |voters: NodeSet| {
            let matched = |node: NodeId| state.leading.progress[node.index()].matched;
            voters.minus(self.witnesses).iter().map(matched).max().unwrap_or_default()
        };
        let [new, old] = self.halves(&state.log);
        furthest(new).min(furthest(old))
    }

    /// A leader tells a witness how far its log goes. `unsaved`: the term was entered just now.
    #[cold]
    pub(super) fn on_position(
        &self,
        state: &mut State,
        from: NodeId,
        unsaved: bool,
        (epoch, index): (Epoch, LogIndex),
        out: &mut Out,
    ) {
        if !self.is_witness(state.node) || !self.hear_leader(state, from, out) {
            return;
        }
        let later = (epoch, index) > (state.log.last_epoch(), state.log.last_index());
        // The bug: what is acknowledged is not kept.
        if later && self.bug != Some(Plant::WitnessKeepsNoPosition) {
            state.log.record(epoch, index);
            self.save_log(state, LogWrite::Record(epoch, index), out);
            if unsaved {
                self.note_epoch(state, out);
            }
        } else if unsaved {
            self.save_ballot(state, out);
        }
        let (term, epoch) = (state.current_term, Epoch::ZERO);
        out.send_once_durable(from, Message::AppendEntriesResponse { term, rejected: false, index, epoch });
    }
}
