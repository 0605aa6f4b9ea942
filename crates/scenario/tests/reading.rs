//! What a file means: the setting, the plan and the expectations that come of it.
#![allow(missing_docs)]

mod common;

use common::{read_text, scenario};
use interregnum_kernel::{Connected, Jitter, NodeId, NodeSet, Parameters, Profile, Span, Value};
use interregnum_scenario::{Comparison, Counted, FailoverExpectation, LeaderDuring, Relation, Severity};
use interregnum_world::{
    Connections, DiskAfter, Endpoint, InFlight, Latency, Lever, LinkSetting, PlannedFault, Probability,
    Selector, Setting, Unsynced,
};

fn link(setting: &Setting, from: u8, to: u8) -> &LinkSetting {
    &setting.links[Setting::link_index(setting.nodes, Endpoint(from), Endpoint(to))]
}

/// The plan of a scenario with this fault.
fn at(fault: &PlannedFault) -> Span {
    fault.when.time().expect("a time")
}

fn plan(fault: &str) -> Vec<PlannedFault> {
    scenario(&format!("[[fault]]\nat = \"1s\"\n{fault}")).setting.plan.faults
}

fn lever(fault: &str) -> Lever {
    plan(fault).remove(0).lever
}

fn nodes(numbers: &[u8]) -> NodeSet {
    numbers.iter().map(|number| NodeId(number - 1)).collect()
}

#[test]
fn what_is_not_said_has_its_default() {
    let scenario = scenario("");
    let setting = &scenario.setting;
    assert_eq!(scenario.name, "test");
    assert_eq!(scenario.algorithms, None);
    assert!(scenario.is_for("raft") && scenario.is_for("bully"), "all algorithms are meant");
    assert_eq!(scenario.profile, Profile::Matched);
    assert_eq!(setting.nodes, 5);
    assert_eq!(setting.links.len(), 36, "five nodes and the resource");
    let between = Latency::Uniform { min: Span::micros(500), max: Span::micros(1500) };
    assert!(setting.links.iter().all(|link| *link == LinkSetting::with_latency(between.clone())));
    assert_eq!(setting.fsync, Latency::Uniform { min: Span::millis(1), max: Span::millis(4) });
    assert_eq!(setting.clocks, interregnum_world::ClockSetting::default());
    assert_eq!(setting.workload.writes_every, Some(Span::millis(200)));
    assert_eq!(setting.workload.check_to_act, (Span::ZERO, Span::millis(2)));
    assert_eq!(setting.workload.proposals_every, Some(Span::millis(200)));
    assert_eq!(setting.workload.discovery, None, "clients know every leader at once");
    assert!(setting.fencing, "the resource compares tokens");
    assert!(setting.down.is_empty() && setting.plan.faults.is_empty());
    assert_eq!((setting.heal, setting.horizon), (Some(Span::secs(8)), Span::secs(10)));
    assert_eq!(scenario.expect, interregnum_scenario::Expectation::default());
    assert_eq!(scenario.parameters_for("raft"), Parameters::of(5));
}

#[test]
fn surroundings_are_as_they_are_said() {
    let setting = scenario(
        "[disk]\nfsync = \"3ms\"\n[clock]\noffset = \"-50ms..+1s\"\ndrift_ppm = \"-100..100\"\n\
         [resource]\nfencing = false\n\
         [workload]\nwrites_every = \"never\"\ncheck_to_act = \"1ms\"\nproposals_every = \"1.5s\"\n\
         discovery = \"0ms..5s\"",
    )
    .setting;
    assert_eq!(setting.fsync, Latency::Constant(Span::millis(3)));
    assert_eq!(setting.clocks.offset, (-50_000_000, 1_000_000_000));
    assert_eq!(setting.clocks.drift_ppm, (-100, 100));
    assert!(!setting.fencing);
    assert_eq!(setting.workload.writes_every, None);
    assert_eq!(setting.workload.check_to_act, (Span::millis(1), Span::millis(1)));
    assert_eq!(setting.workload.proposals_every, Some(Span::millis(1500)));
    assert_eq!(setting.workload.discovery, Some((Span::ZERO, Span::secs(5))));
}

#[test]
fn distributions_have_their_names() {
    let fsync = |value: &str| scenario(&format!("[disk]\nfsync = {value}")).setting.fsync;
    let ms = Span::millis;
    assert_eq!(
        fsync("{ lognormal = { median = \"3ms\", p99 = \"20ms\" } }"),
        Latency::lognormal(ms(3), ms(20)).unwrap()
    );
    assert_eq!(fsync("{ exponential = { mean = \"3ms\" } }"), Latency::exponential(Span::ZERO, ms(3)));
    assert_eq!(
        fsync("{ exponential = { mean = \"3ms\", min = \"1ms\" } }"),
        Latency::exponential(ms(1), ms(3))
    );
    assert_eq!(fsync("{ empirical = [\"1ms\", \"7ms\"] }"), Latency::empirical(vec![ms(1), ms(7)]));
}

#[test]
fn parameters_carry_the_cluster() {
    let scenario = scenario(
        "[cluster]\nnodes = 3\nprofile = \"production\"\nalgorithms = [\"raft\"]\n\
         [parameters.raft]\nelection_timeout = \"1s..2s\"\nheartbeat_interval = \"100ms\"\npre_vote = false\n\
         batch = 7\nlogs = [[1, 2], []]\nbug = \"raft-vote-before-fsync\"",
    );
    let parameters = scenario.parameters_for("raft");
    assert_eq!((parameters.nodes, parameters.profile), (3, Profile::Production));
    assert_eq!(parameters.bug.as_deref(), Some("raft-vote-before-fsync"));
    let expected = [
        ("batch", Value::Count(7)),
        ("election_timeout", Value::Jitter(Jitter::between(Span::secs(1), Span::secs(2)))),
        ("heartbeat_interval", Value::Span(Span::millis(100))),
        ("logs", Value::Logs(vec![vec![1, 2], vec![]])),
        ("pre_vote", Value::Flag(false)),
    ];
    assert_eq!(parameters.set, expected.map(|(name, value)| (name.to_owned(), value)).into());
    let other = scenario.parameters_for("bully");
    assert_eq!(
        (other.nodes, other.profile),
        (3, Profile::Production),
        "what is not set has the cluster all the same"
    );
    assert!(scenario.is_for("raft") && !scenario.is_for("bully"));
}

#[test]
fn zones_are_in_the_order_of_their_names() {
    let setting = scenario(
        "[cluster]\nzones = { west = [1, 2], east = [3] }\n[[fault]]\nat = \"1s\"\ncrash = \"zone west\"",
    )
    .setting;
    let zones: Vec<_> = setting.zones.iter().map(|zone| (zone.name.as_str(), zone.nodes)).collect();
    assert_eq!(zones, [("east", nodes(&[3])), ("west", nodes(&[1, 2]))]);
    let Lever::Crash { target, .. } = &setting.plan.faults[0].lever else { panic!("a crash") };
    assert_eq!(target, &[Selector::Zone(1)]);
}

#[test]
fn a_link_overrides_what_it_names_in_one_direction() {
    let setting = scenario(
        "[cluster]\nnodes = 3\nzones = { a = [1, 2], b = [3] }\n[network]\nlatency = \"1ms\"\nloss = 0.5\n\
         reorder = { probability = 0.25, delay = \"9ms\" }\n\
         [[network.link]]\nfrom = \"zone a\"\nto = \"zone b\"\nlatency = \"30ms\"\n\
         [[network.link]]\nfrom = \"node 1\"\nto = [\"node 3\", \"resource\"]\nsymmetric = true\nduplicate = 1\nloss = 0",
    )
    .setting;
    let latency = |from, to| link(&setting, from, to).latency.clone();
    assert_eq!(latency(1, 2), Latency::Constant(Span::millis(30)));
    assert_eq!(latency(2, 1), Latency::Constant(Span::millis(1)), "the other direction is not meant");
    assert_eq!(link(&setting, 2, 0).duplicate, Probability::ALWAYS, "a symmetric rule means both");
    assert_eq!(link(&setting, 3, 0).duplicate, Probability::ALWAYS, "the resource has links too");
    assert_eq!(link(&setting, 0, 2).loss, Probability::NEVER);
    assert_eq!(
        latency(0, 2),
        Latency::Constant(Span::millis(30)),
        "a later rule leaves what it does not name"
    );
    assert_eq!(link(&setting, 1, 2).loss, Probability::new(0.5));
    assert_eq!(link(&setting, 1, 2).reorder, Probability::new(0.25));
    assert_eq!(link(&setting, 1, 2).reorder_delay, Latency::Constant(Span::millis(9)));
}

#[test]
fn half_a_round_trip_is_a_way() {
    let scenario = scenario(
        "[cluster]\nnodes = 4\nzones = { A = [1, 2], B = [3, 4] }\n[network]\n\
         latency = { rtt_csv = \"rtt.csv\", spread = \"1ms..2ms\", local = \"4ms\", resource_zone = \"B\" }",
    );
    let way = |from, to| link(&scenario.setting, from, to).latency.clone();
    let spread = |half: u64| Latency::Uniform {
        min: Span::micros(half) + Span::millis(1),
        max: Span::micros(half) + Span::millis(2),
    };
    assert_eq!(way(0, 2), spread(15_000));
    assert_eq!(way(2, 0), spread(16_000), "each direction has its own");
    assert_eq!(way(0, 1), spread(250), "the table's diagonal is a place's own");
    assert_eq!(way(2, 3), spread(2_000), "without a diagonal `local` says it");
    assert_eq!(way(0, 4), spread(15_000), "the resource has a place");
    assert_eq!(scenario.files.keys().collect::<Vec<_>>(), ["rtt.csv"]);
    assert_eq!(scenario.files["rtt.csv"], common::RTT);
}

#[test]
fn without_writes_the_resource_needs_no_place() {
    let setting = scenario(
        "[cluster]\nnodes = 2\nzones = { A = [1], B = [2] }\n[workload]\nwrites_every = \"never\"\n\
         [network]\nlatency = { rtt_csv = \"rtt.csv\" }",
    )
    .setting;
    assert_eq!(link(&setting, 0, 1).latency, Latency::Constant(Span::millis(15)));
}

#[test]
fn a_partition_has_its_groups() {
    let expected = Lever::Partition {
        groups: vec![vec![Selector::Leader, Selector::Random(1)], vec![Selector::Rest]],
        in_flight: InFlight::Deliver,
    };
    assert_eq!(
        lever("partition = [[\"leader\", \"random(1)\"], \"rest\"]\nin_flight = \"deliver\""),
        expected,
        "a bare string is a group of one"
    );
}

#[test]
fn a_cut_is_one_way_and_a_symmetric_one_is_a_partition() {
    assert_eq!(
        lever("cut = { from = \"all\", to = [\"leader\", \"resource\"] }"),
        Lever::Cut {
            from: vec![Selector::All],
            to: vec![Selector::Leader, Selector::Resource],
            in_flight: InFlight::Drop
        }
    );
    assert_eq!(
        lever("cut = { from = \"leader\", to = \"random(1)\", symmetric = true }"),
        Lever::Partition {
            groups: vec![vec![Selector::Leader], vec![Selector::Random(1)]],
            in_flight: InFlight::Drop
        }
    );
}

#[test]
fn an_isolation_is_a_partition_from_the_rest() {
    let expected = Lever::Partition {
        groups: vec![vec![Selector::OldLeader, Selector::Resource], vec![Selector::Rest]],
        in_flight: InFlight::Drop,
    };
    assert_eq!(lever("isolate = [\"old-leader\", \"resource\"]"), expected);
}

#[test]
fn a_bridge_is_a_partition_that_leaves_it_out() {
    let groups = |fault: &str| match lever(fault) {
        Lever::Partition { groups, .. } => groups,
        other => panic!("{other}"),
    };
    assert_eq!(
        groups("bridge = { left = \"leader\", bridge = \"rest\", right = \"random(3)\" }"),
        [vec![Selector::Leader], vec![Selector::Random(3)]]
    );
    let node = |number: u8| Selector::Node(NodeId(number - 1));
    assert_eq!(
        groups("bridge = { left = \"node 1\", bridge = \"node 2\", right = \"rest\" }"),
        [vec![node(1)], vec![node(3), node(4), node(5)]],
        "the rest is spelt out, so that it leaves the bridge out"
    );
}

#[test]
fn nodes_crash_restart_stall_and_hand_over() {
    assert_eq!(
        lever("crash = [\"followers\", \"candidates\"]\nunsynced = \"kept\""),
        Lever::Crash {
            target: vec![Selector::Followers, Selector::Candidates],
            unsynced: Unsynced::Kept,
            connections: Connections::Silent,
            disk: DiskAfter::Kept,
        }
    );
    assert_eq!(lever("restart = \"all\""), Lever::Restart { target: vec![Selector::All] });
    assert_eq!(lever("disk-stall = \"leader\""), Lever::DiskStall { target: vec![Selector::Leader] });
    assert_eq!(lever("transfer = \"node 5\""), Lever::Transfer { to: vec![Selector::Node(NodeId(4))] });
}

#[test]
fn repetitions_are_written_out() {
    let times = |fault: &str| plan(fault).iter().map(|fault| at(fault).0 / 1_000_000).collect::<Vec<_>>();
    assert_eq!(times("crash = \"leader\"\nevery = \"500ms\"\ntimes = 3"), [1000, 1500, 2000]);
    assert_eq!(
        times("crash = \"leader\"\nevery = \"500ms\"\nuntil = \"2s\""),
        [1000, 1500],
        "`until` is excluded"
    );
    assert_eq!(times("crash = \"leader\"\nevery = \"500ms\"\nuntil = \"2001ms\""), [1000, 1500, 2000]);
    let lasting = plan("crash = \"leader\"\nevery = \"1s\"\ntimes = 2\nfor = \"50ms\"");
    assert!(lasting.iter().all(|fault| fault.lasts == Some(Span::millis(50))), "{lasting:?}");
}

#[test]
fn faults_keep_the_order_of_the_file() {
    let faults =
        scenario("[[fault]]\nat = \"5s\"\ncrash = \"leader\"\n[[fault]]\nat = \"2s\"\nrestart = \"all\"")
            .setting
            .plan
            .faults;
    assert_eq!(faults.iter().map(at).collect::<Vec<_>>(), [Span::secs(5), Span::secs(2)]);
}

#[test]
fn a_printed_plan_is_read_back() {
    let setting = scenario(
        "[[fault]]\nat = \"2s\"\npartition = [[\"leader\", \"random(2)\"], [\"rest\", \"resource\"]]\n\
         in_flight = \"deliver\"\nfor = \"1500ms\"\n\
         [[fault]]\nat = \"2500us\"\ncut = { from = \"old-leader\", to = \"node 2\" }\n\
         [[fault]]\nat = \"3s\"\ncrash = \"candidates\"\nunsynced = \"lost\"\nevery = \"1s\"\ntimes = 2\n\
         [[fault]]\nat = \"4s\"\nrestart = \"all\"\n[[fault]]\nat = \"4s\"\ndisk-stall = \"followers\"\n\
         [[fault]]\nat = \"4s\"\ntransfer = \"node 3\"",
    )
    .setting;
    assert_eq!(scenario(&setting.plan.to_string()).setting.plan, setting.plan);
}

#[test]
fn a_run_may_start_without_some_nodes_and_never_heal() {
    let text = "format = 1\nname = \"a\"\nrun = { for = \"1min\", down = [2, 5] }\n";
    let (scenario, remarks) = read_text(text).unwrap();
    assert_eq!(scenario.setting.down, nodes(&[2, 5]));
    assert_eq!((scenario.setting.heal, scenario.setting.horizon), (None, Span::secs(60)));
    assert_eq!(scenario.text, text);
    assert_eq!(remarks, []);
}

#[test]
fn an_algorithm_overrides_single_expectations() {
    let scenario = scenario(
        "[[fault]]\nat = \"1s\"\ncrash = \"leader\"\n\
         [expect]\nleader_within = \"1s\"\nfailover = { p50 = \"300ms\", p99 = \"1s\", never = \"== 0\" }\n\
         stale_writes_rejected = \">= 1\"\n\
         [expect.bully]\nviolated = [\"leader-exclusion\"]\nfailover = { max = \"9s\" }\nsplit_votes = \"<= 5\"",
    );
    let bound = |relation, value| Comparison { relation, value };
    let all = scenario.expectation_for("raft");
    assert_eq!(all, &scenario.expect);
    assert_eq!(all.leader_within, Some(Span::secs(1)));
    assert_eq!(
        all.failover,
        FailoverExpectation {
            p50: Some(Span::millis(300)),
            p99: Some(Span::secs(1)),
            never: Some(bound(Relation::Exactly, 0)),
            ..FailoverExpectation::default()
        }
    );
    let own = scenario.expectation_for("bully");
    assert_eq!(own.leader_within, Some(Span::secs(1)), "what it does not name is as for all");
    assert_eq!(own.violated, ["leader-exclusion"]);
    let failover = FailoverExpectation { max: Some(Span::secs(9)), ..FailoverExpectation::default() };
    assert_eq!(own.failover, failover, "a key is overridden as a whole");
    assert_eq!(
        own.counts,
        [
            (Counted::StaleWritesRejected, bound(Relation::AtLeast, 1)),
            (Counted::SplitVotes, bound(Relation::AtMost, 5)),
        ]
        .into()
    );
}

#[test]
fn a_leader_during_a_partition_is_asked_for_of_a_quorum_or_of_a_hub() {
    let read = |text: &str| scenario(&format!("[expect]\nleader_during = {text}")).expect.leader_during;
    let asked = |of| Some(LeaderDuring { within: Span::secs(2), of });
    assert_eq!(read("\"2s\""), asked(Connected::Quorum), "a quorum, unless said otherwise");
    assert_eq!(read("{ within = \"2s\" }"), asked(Connected::Quorum), "in a table, too");
    assert_eq!(read("{ within = \"2s\", of = \"hub\" }"), asked(Connected::Hub), "a hub suffices");
}

#[test]
fn goals_and_rates_are_overridden_as_a_whole() {
    let scenario = scenario(
        "[expect]\nsometimes = [\"split-vote\"]\nleader_changes_per_hour = \"<= 1\"\n\
         [expect.bully]\nsometimes = [\"stale-write-rejected\"]",
    );
    let own = scenario.expectation_for("bully");
    assert_eq!(scenario.expect.sometimes, ["split-vote"], "for all");
    assert_eq!(own.sometimes, ["stale-write-rejected"], "in its place");
    assert_eq!(own.leader_changes_per_hour, scenario.expect.leader_changes_per_hour, "the other key stands");
}

#[test]
fn rates_per_hour_are_compared_without_rounding() {
    const HOUR: u128 = 3_600_000_000_000;
    let at_most = Comparison { relation: Relation::AtMost, value: 1 };
    assert!(at_most.holds_per_hour(2, 2 * HOUR), "two in two hours are one in one");
    assert!(!at_most.holds_per_hour(2, 2 * HOUR - 1), "one nanosecond less makes it more than one");
    let at_least = Comparison { relation: Relation::AtLeast, value: 1 };
    assert!(!at_least.holds_per_hour(2, 2 * HOUR + 1), "one nanosecond more makes it less than one");
    let none = Comparison { relation: Relation::Exactly, value: 0 };
    assert!(none.holds_per_hour(0, HOUR) && !none.holds_per_hour(1, u128::from(u64::MAX)), "none is none");
    assert!(at_least.holds_per_hour(0, 0), "no time has no rate");
}

#[test]
fn comparisons_hold_of_the_counts_they_name() {
    let parse = |text: &str| {
        scenario(&format!("[expect]\nsplit_votes = \"{text}\"")).expect.counts[&Counted::SplitVotes]
    };
    for (text, below, at, above) in
        [(">= 3", false, true, true), ("<=3", true, true, false), (" == 3 ", false, true, false)]
    {
        let comparison = parse(text);
        assert_eq!(
            (comparison.holds(2), comparison.holds(3), comparison.holds(4)),
            (below, at, above),
            "{text}"
        );
        assert_eq!(parse(&comparison.to_string()), comparison, "{text} is printed as it is read");
    }
}

#[test]
fn warnings_come_with_a_scenario_that_can_run() {
    let (_, remarks) =
        read_text(&common::around("[[fault]]\nat = \"1s\"\npartition = [\"node 1\", \"node 2\"]")).unwrap();
    let severities: Vec<Severity> = remarks.iter().map(|remark| remark.severity).collect();
    assert_eq!(severities, [Severity::Warning, Severity::Note]);
}
