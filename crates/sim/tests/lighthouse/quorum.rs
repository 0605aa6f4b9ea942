//! Who is obeyed by a quorum: gained and lost, when and why.

use crate::story::{Story, Told, cluster, crash, cut, ms, n, node, nodes, partition, stall, transfer};
use interregnum_kernel::{Epoch, GlobalTime, LossCause, What};
use interregnum_world::{Damage, Lever, Probability, Selector};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Gained(u64),
    Lost(u64, LossCause),
}

use Turn::{Gained, Lost};

/// A node's gains and losses of its quorum, with the epochs it led in.
fn turns(run: &Told, node: u8) -> Vec<(GlobalTime, Turn)> {
    let turn = |seen: &interregnum_kernel::Observation| match seen.what {
        What::GainedQuorum(of) if seen.node == n(node) => Some((seen.at, Gained(of.epoch.0))),
        What::LostQuorum(of, cause) if seen.node == n(node) => Some((seen.at, Lost(of.epoch.0, cause))),
        _ => None,
    };
    run.heard.iter().filter_map(turn).collect()
}

fn turns_of_leader(story: Story) -> Vec<(GlobalTime, Turn)> {
    turns(&story.told(), 1)
}

const FAULT: LossCause = LossCause::Fault;
const SUPERSEDED: LossCause = LossCause::Superseded;

#[test]
fn a_leader_with_a_majority_has_its_quorum_from_the_start() {
    assert_eq!(turns_of_leader(cluster(3)), [(ms(0), Gained(1))], "judged when all nodes have started");
    let alone = cluster(3).with(|setting| setting.down = nodes(&[2, 3]));
    assert_eq!(turns_of_leader(alone), [], "a leader of nobody has none");
}

#[test]
fn a_cut_from_the_quorum_loses_it_and_the_cuts_end_regains_it() {
    let story = cluster(3).during(35, 65, cut(&[Selector::Leader], &[Selector::Rest]));
    let expected = [(ms(0), Gained(1)), (ms(35), Lost(1, FAULT)), (ms(65), Gained(1))];
    assert_eq!(turns_of_leader(story), expected, "one direction is enough");
    let story = cluster(3).during(35, 65, cut(&[Selector::Followers], &[Selector::Leader]));
    assert_eq!(turns_of_leader(story), expected, "and so is the other");
}

/// All messages to the leader are lost, or all of one kind.
fn deafened(only: &[&str]) -> Lever {
    let damage = Damage { loss: Probability::ALWAYS, ..Damage::default() };
    let only = only.iter().map(|kind| (*kind).to_owned()).collect();
    let (from, to) = (vec![Selector::Followers], vec![Selector::Leader]);
    Lever::Degrade { from, to, symmetric: false, damage, only }
}

#[test]
fn a_link_that_loses_everything_is_as_good_as_cut() {
    let expected = [(ms(0), Gained(1)), (ms(35), Lost(1, FAULT)), (ms(65), Gained(1))];
    assert_eq!(turns_of_leader(cluster(3).during(35, 65, deafened(&[]))), expected);
    let one_kind = cluster(3).during(35, 65, deafened(&["Beacon"]));
    assert_eq!(turns_of_leader(one_kind), [(ms(0), Gained(1))], "others still pass");
}

#[test]
fn a_cut_that_leaves_a_majority_loses_nothing() {
    let story = cluster(3).at(35, partition(&[&[node(1)], &[node(2)]]));
    assert_eq!(turns_of_leader(story), [(ms(0), Gained(1))], "the third node is enough");
    let story = cluster(3).at(35, cut(&[node(1)], &[node(2)])).at(40, cut(&[node(3)], &[node(1)]));
    let lost = turns_of_leader(story)[1];
    assert_eq!(lost, (ms(40), Lost(1, FAULT)), "two one-way cuts leave nobody with both directions");
}

#[test]
fn a_cut_from_the_resource_is_none_from_the_quorum() {
    let story = cluster(3).at(35, partition(&[&[node(1)], &[Selector::Resource]]));
    assert_eq!(turns_of_leader(story), [(ms(0), Gained(1))], "the resource has no vote");
}

#[test]
fn a_crash_loses_the_quorum_before_the_reign_ends() {
    let run = cluster(3).during(35, 55, crash(&[node(1)])).told();
    let expected = [(ms(0), Gained(1)), (ms(35), Lost(1, FAULT)), (ms(55), Gained(2))];
    assert_eq!(turns(&run, 1), expected, "regained by the next incarnation, in its own epoch");
    let names: Vec<&str> = run
        .observed_at(ms(35), 1)
        .iter()
        .map(|what| match what {
            What::FaultInjected(_) => "fault",
            What::LostQuorum(..) => "lost",
            What::Deposed(_) => "deposed",
            What::Crashed => "crashed",
            What::LinksChanged(_) => "links",
            _ => "other",
        })
        .collect();
    assert_eq!(
        names,
        ["fault", "lost", "deposed", "crashed", "links"],
        "cause first, then what follows from it"
    );
}

#[test]
fn crashes_of_followers_lose_the_quorum_when_too_few_are_left() {
    let run = cluster(3).at(25, crash(&[node(2)])).during(35, 55, crash(&[node(3)])).told();
    let expected = [(ms(0), Gained(1)), (ms(35), Lost(1, FAULT)), (ms(55), Gained(1))];
    assert_eq!(turns(&run, 1), expected, "the first crash leaves a majority, the second does not");
}

#[test]
fn a_stalled_disk_costs_its_leader_the_quorum() {
    let expected = [(ms(0), Gained(1)), (ms(35), Lost(1, FAULT)), (ms(65), Gained(1))];
    assert_eq!(turns_of_leader(cluster(3).during(35, 65, stall(&[node(1)]))), expected, "its own disk");
    let story = cluster(3).during(35, 65, stall(&[Selector::Followers]));
    assert_eq!(turns_of_leader(story), expected, "or those of its followers");
    let story = cluster(3).during(35, 65, stall(&[node(2)]));
    assert_eq!(turns_of_leader(story), [(ms(0), Gained(1))], "but not one follower's of two");
}

#[test]
fn a_quorum_in_a_higher_epoch_supersedes_a_leader_that_does_not_know() {
    // The heir reigns at 26 ms and its first beacon leaves at 36 ms; the old leader does not hear it.
    let story = cluster(3).at(25, transfer(&[node(2)])).at(30, cut(&[node(2)], &[node(1)]));
    let run = story.told();
    assert_eq!(
        turns(&run, 1),
        [(ms(0), Gained(1)), (ms(37), Lost(1, SUPERSEDED))],
        "no fault took its quorum"
    );
    assert_eq!(turns(&run, 2), [(ms(26), Gained(2))], "the heir has one all the time");
    assert_eq!(
        run.observed(|what| matches!(what, What::Deposed(_))),
        [],
        "although the old leader goes on leading"
    );
}

#[test]
fn a_leader_that_gives_up_by_itself_was_superseded() {
    let run = cluster(3).at(25, transfer(&[node(3)])).told();
    assert_eq!(turns(&run, 1)[1], (ms(37), Lost(1, SUPERSEDED)), "it hears the higher epoch");
    let deposed = run.observed(|what| matches!(what, What::Deposed(of) if of.epoch == Epoch(1)));
    assert_eq!(deposed, [(ms(37), n(1))], "and steps down at the same instant");
}

#[test]
fn a_heal_regains_what_faults_lost() {
    let story = cluster(3).at(35, partition(&[&[Selector::Leader], &[Selector::Rest]])).healed_at(75);
    let run = story.told();
    assert_eq!(turns(&run, 1)[2], (ms(75), Gained(1)), "with the links");
    let at_heal = run.observed_at(ms(75), 1);
    assert!(
        matches!(at_heal[..], [What::LinksChanged(_), What::GainedQuorum(_), What::Healed]),
        "before the heal is announced: {at_heal:?}"
    );
}
