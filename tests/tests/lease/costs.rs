//! What an idle Redis lock costs in messages, exactly.

use crate::told::{WAY, even, watch};
use interregnum_kernel::{Parameters, Span};
use std::collections::BTreeMap;
use std::sync::Arc;

const EXTEND_EVERY: Span = Span::millis(50);
/// From when on messages are counted: by then somebody holds the lock.
const FROM: Span = Span::millis(2_010);

/// What a cluster with nothing to do sends in so many extensions' time.
fn idle(parameters: &Parameters, extensions: u64) -> BTreeMap<&'static str, u64> {
    let cycle = EXTEND_EVERY + WAY + WAY;
    let sent = |horizon| {
        let setting = Arc::new(even(parameters, horizon));
        watch("lease-redis", parameters, setting, 1..2).remove(0).sent
    };
    let before = sent(FROM);
    let after = sent(FROM + cycle.scaled(extensions, 1));
    after.into_iter().map(|(kind, count)| (kind, count - before[kind])).collect()
}

#[test]
fn a_holder_alone_costs_two_messages_per_master_and_extension() {
    for masters in [1, 3, 5, 7] {
        let sent = idle(&Parameters::of(1).with_service(masters), 20);
        let expected = 20 * u64::from(masters);
        assert_eq!(sent["Extend"], expected, "{masters} masters: extensions");
        assert_eq!(sent["Extended"], expected, "{masters} masters: their answers");
        assert_eq!(sent.values().sum::<u64>(), 2 * expected, "{masters} masters: nothing else is sent");
    }
}

#[test]
fn a_contender_polls_with_three_messages_per_master() {
    let parameters = Parameters::of(2).with_service(5);
    let sent = idle(&parameters, 200);
    for kind in ["Set", "Taken", "Release"] {
        let polls = sent[kind] / 5;
        // 10.4 s of polls that come every 102 to 302 ms.
        assert!((34..=102).contains(&polls), "{kind}: {polls} polls");
    }
    assert_eq!(sent["Granted"], 0, "nobody gets a lock that is taken");
}
