//! What repairs cost: the segments that the two sides send are counted.

use super::super::peer::BURST;
use super::*;

/// Delivers all that is under way to B, each time one of the oldest `spread` segments, and at once what B answers; says how
/// many segments arrived, and what B was given.
fn count(pair: &mut Pair, lcg: &mut Lcg, spread: usize) -> (usize, Vec<u32>) {
    let (mut segments, mut given) = (0, Vec::new());
    while !pair.to_b.is_empty() {
        let place = lcg.below(spread.min(pair.to_b.len()) as u64) as usize;
        let mut arriving = vec![pair.to_b.remove(place)];
        for arrival in deliver(B, &mut pair.b, &mut arriving, &mut pair.to_a) {
            let Arrival::Message(message) = arrival else { panic!("the connection stands: {arrival:?}") };
            given.push(message);
        }
        segments += 1 + pair.to_a.len();
        assert!(pair.at_a().is_empty(), "A is given nothing");
    }
    (segments, given)
}

#[test]
fn messages_in_any_order_cost_at_most_a_question_and_a_copy_each() {
    const MESSAGES: u32 = 500;
    for (seed, spread) in (0..20).flat_map(|seed| [2, 4, 16, 500, 2000].map(|spread| (seed, spread))) {
        let mut pair = Pair::connected();
        (0..MESSAGES).for_each(|message| pair.send(message));
        let (segments, given) = count(&mut pair, &mut Lcg(seed), spread);
        assert!(given.into_iter().eq(0..MESSAGES), "all arrive, in order");
        assert!(segments <= 3 * MESSAGES as usize, "seed {seed}, spread {spread}: {segments} segments");
    }
}

#[test]
fn one_lost_message_costs_one_question_and_one_copy() {
    const MESSAGES: u32 = 500;
    for lost in 0..MESSAGES - 2 {
        let mut pair = Pair::connected();
        (0..MESSAGES).for_each(|message| pair.send(message));
        pair.to_b.remove(lost as usize);
        let (segments, given) = count(&mut pair, &mut Lcg(0), 1);
        assert!(given.into_iter().eq(0..MESSAGES), "all arrive, in order");
        assert_eq!(segments, MESSAGES as usize + 1, "the others, a question and a copy");
    }
}

#[test]
fn a_question_that_comes_after_the_answer_is_not_answered() {
    let mut pair = Pair::connected();
    (0..100).for_each(|message| pair.send(message));
    pair.to_b.remove(0);
    pair.at_b();
    let question = pair.to_a.clone();
    assert!(matches!(question[..], [(_, Segment { content: Content::Missing(1), acknowledged: 0, .. })]));
    pair.at_a();
    pair.to_a = question.clone();
    pair.at_a();
    assert_eq!(pair.to_b.len(), 1, "one copy, however often it is asked for");
    assert_eq!(pair.at_b().len(), 100, "all are delivered now");
    pair.timer_of_b();
    pair.timer_of_b();
    pair.at_a();
    pair.timer_of_a();
    pair.to_a = question;
    pair.at_a();
    assert!(pair.to_b.is_empty(), "what is acknowledged is not repeated");
}

#[test]
fn a_lost_copy_is_left_to_the_timer() {
    let mut pair = Pair::connected();
    (0..100).for_each(|message| pair.send(message));
    pair.to_b.remove(0);
    pair.at_b();
    pair.at_a();
    pair.to_b.clear();
    pair.timer_of_a();
    pair.timer_of_a();
    assert!(pair.to_b.len() <= BURST, "a firing repeats a bounded number");
    assert_eq!(pair.at_b().len(), 100, "all are delivered");
    assert!(pair.to_a.is_empty(), "copies are not acknowledged one by one");
}
