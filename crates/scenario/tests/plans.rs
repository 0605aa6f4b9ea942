//! What levers, triggers and a nemesis mean, and that a plan is printed as the tables that mean it.
#![allow(missing_docs)]

mod common;

use common::{read_text, scenario};
use interregnum_kernel::{Jitter, NodeId, Span, Standing};
use interregnum_scenario::{levers, render};
use interregnum_world::{
    ClockChoice, Connections, Cue, Damage, DiskAfter, Happening, InFlight, Lever, Nemesis, Plan,
    PlannedFault, Probability, Reach, Selector, Trigger, Unsynced, Wake, When, nemesis,
};

fn plan(faults: &str) -> Vec<PlannedFault> {
    scenario(faults).setting.plan.faults
}

fn lever(fault: &str) -> Lever {
    plan(&format!("[[fault]]\nat = \"1s\"\n{fault}")).remove(0).lever
}

fn trigger(when: &str) -> Trigger {
    let cluster = "[cluster]\nalgorithms = [\"raft\"]\n";
    let fault = plan(&format!("{cluster}[[fault]]\nwhen = {when}\ncrash = \"subject\"")).remove(0);
    let When::Upon(trigger) = fault.when else { panic!("a trigger: {fault}") };
    trigger
}

const MS: i64 = 1_000_000;

fn ms(from: u64, to: u64) -> Jitter {
    Jitter::between(Span::millis(from), Span::millis(to))
}

#[test]
fn rings_differ_in_how_far_a_node_sees() {
    let ring = |reach, in_flight| Lever::Ring { target: vec![Selector::All], reach, in_flight };
    assert_eq!(lever("ring = \"all\""), ring(Reach::Neighbours, InFlight::Drop));
    assert_eq!(
        lever("majorities-ring = \"all\"\nin_flight = \"deliver\""),
        ring(Reach::Majority, InFlight::Deliver)
    );
}

#[test]
fn a_degradation_is_what_is_said_of_it() {
    let of = |damage, symmetric, only: &[&str]| Lever::Degrade {
        from: vec![Selector::Leader],
        to: vec![Selector::Rest],
        symmetric,
        damage,
        only: only.iter().map(|kind| (*kind).to_owned()).collect(),
    };
    assert_eq!(
        lever("degrade = { from = \"leader\", to = \"rest\", loss = 0.25 }"),
        of(Damage { loss: Probability::new(0.25), ..Damage::default() }, false, &[])
    );
    let damage = Damage {
        delay: ms(50, 80),
        loss: Probability::ALWAYS,
        duplicate: Probability::new(0.1),
        reorder: Probability::new(0.5),
        reorder_delay: ms(1, 9),
    };
    assert_eq!(
        lever(
            "degrade = { from = \"leader\", to = \"rest\", symmetric = true, delay = \"50ms..80ms\", loss = 1, \
             duplicate = 0.1, reorder = { probability = 0.5, delay = \"1ms..9ms\" }, \
             only = [\"RequestVote\", \"Election\"] }"
        ),
        of(damage, true, &["RequestVote", "Election"])
    );
    assert_eq!(
        lever(
            "degrade = { from = \"leader\", to = \"rest\", loss = 1, reorder = { probability = 0, delay = \"1s\" } }"
        ),
        of(Damage { loss: Probability::ALWAYS, ..Damage::default() }, false, &[]),
        "what is never held back is held back by nothing"
    );
}

#[test]
fn crashes_differ_in_what_the_disk_holds_afterwards() {
    let crash = |unsynced, connections, disk| Lever::Crash {
        target: vec![Selector::Node(NodeId(1))],
        unsynced,
        connections,
        disk,
    };
    assert_eq!(
        lever("replace = \"node 2\""),
        crash(Unsynced::Random, Connections::Silent, DiskAfter::Emptied)
    );
    assert_eq!(
        lever("rollback = \"node 2\"\nby = \"500ms\"\nunsynced = \"lost\"\nconnections = \"reset\""),
        crash(Unsynced::Lost, Connections::Reset, DiskAfter::RolledBack(Span::millis(500)))
    );
}

#[test]
fn processes_stand_or_are_slow() {
    let target = || vec![Selector::Leader];
    assert_eq!(lever("pause = \"leader\""), Lever::Pause { target: target(), wake: Wake::Random });
    assert_eq!(
        lever("freeze = \"leader\"\nwake = \"timers-first\""),
        Lever::Freeze { target: target(), wake: Wake::TimersFirst }
    );
    assert_eq!(
        lever("slow-node = \"leader\"\neach = \"5ms..8ms\""),
        Lever::SlowNode { target: target(), each: ms(5, 8) }
    );
}

#[test]
fn clocks_have_their_defaults() {
    let target = || vec![Selector::Leader];
    assert_eq!(
        lever("clock-step = \"leader\"\nby = \"-500ms\""),
        Lever::ClockStep { target: target(), by: -500 * MS, clock: ClockChoice::Wall }
    );
    assert_eq!(
        lever("clock-step = \"leader\"\nby = \"+1s\"\nclock = \"both\""),
        Lever::ClockStep { target: target(), by: 1000 * MS, clock: ClockChoice::Both }
    );
    assert_eq!(
        lever("clock-drift = \"leader\"\nppm = -500"),
        Lever::ClockDrift { target: target(), ppm: -500, clock: ClockChoice::Both }
    );
    let strobe = |by, clock| Lever::ClockStrobe { target: target(), by, every: Span::millis(50), clock };
    assert_eq!(
        lever("clock-strobe = \"leader\"\nby = \"200ms\"\nperiod = \"50ms\""),
        strobe(200 * MS, ClockChoice::Wall)
    );
    assert_eq!(
        lever("clock-strobe = \"leader\"\nby = \"20ms\"\nperiod = \"50ms\"\nclock = \"mono\""),
        strobe(20 * MS, ClockChoice::Mono)
    );
}

#[test]
fn disks_stall_are_slow_or_lie() {
    let target = || vec![Selector::Leader];
    assert_eq!(lever("disk-stall = \"leader\""), Lever::DiskStall { target: target() });
    assert_eq!(
        lever("disk-slow = \"leader\"\nby = \"20ms..40ms\""),
        Lever::DiskSlow { target: target(), by: ms(20, 40) }
    );
    assert_eq!(lever("disk-lie = \"leader\""), Lever::DiskLie { target: target() });
}

#[test]
fn every_selector_has_its_word() {
    let selectors = [
        ("node 2", Selector::Node(NodeId(1))),
        ("zone b", Selector::Zone(1)),
        ("zone #2", Selector::Zone(1)),
        ("leader", Selector::Leader),
        ("old-leader", Selector::OldLeader),
        ("candidate", Selector::Candidate),
        ("candidates", Selector::Candidates),
        ("followers", Selector::Followers),
        ("minority-with-leader", Selector::MinorityWithLeader),
        ("majority-without-leader", Selector::MajorityWithoutLeader),
        ("subject", Selector::Subject),
        ("random(3)", Selector::Random(3)),
        ("rest", Selector::Rest),
        ("all", Selector::All),
    ];
    for (word, selector) in selectors {
        let fault = plan(&format!(
            "[cluster]\nzones = {{ a = [1], b = [2] }}\n[[fault]]\nwhen = {{ elections = 1 }}\npause = \"{word}\""
        ))
        .remove(0);
        assert_eq!(fault.lever, Lever::Pause { target: vec![selector], wake: Wake::Random }, "{word}");
    }
}

#[test]
fn a_trigger_waits_for_what_it_says() {
    let of = |cue, count| Trigger { cue, at: Vec::new(), count, after: Span::ZERO };
    assert_eq!(trigger("{ elections = 2 }"), of(Cue::Event(Happening::Elected), 2));
    assert_eq!(trigger("{ event = \"elected\", count = 2 }"), of(Cue::Event(Happening::Elected), 2));
    assert_eq!(trigger("{ epoch = 3 }"), of(Cue::Epoch(3), 1));
    assert_eq!(trigger("{ phase = \"vote-queued\" }"), of(Cue::Phase("vote-queued".to_owned()), 1));
    assert_eq!(
        trigger(
            "{ event = \"write-accepted\", count = 3, of = [\"old-leader\", \"node 1\"], after = \"100ms\" }"
        ),
        Trigger {
            cue: Cue::Event(Happening::WriteAccepted),
            at: vec![Selector::OldLeader, Selector::Node(NodeId(0))],
            count: 3,
            after: Span::millis(100),
        }
    );
}

#[test]
fn a_fault_comes_again_each_time_that_it_is_triggered() {
    let faults = plan(
        "[[fault]]\nwhen = { event = \"stood\", count = 2, after = \"5ms\" }\ntimes = 3\ncrash = \"subject\"\nfor = \"1s\"",
    );
    let counts: Vec<u32> = faults
        .iter()
        .map(|fault| match &fault.when {
            When::Upon(trigger) => trigger.count,
            When::At(at) => panic!("no trigger, but {at}"),
        })
        .collect();
    assert_eq!(counts, [2, 3, 4], "from the second time on");
    assert!(faults.iter().all(|fault| fault.lasts == Some(Span::secs(1))), "each for as long: {faults:?}");
}

/// One of every lever, with every option that is not as when left out.
fn every_lever() -> Vec<Lever> {
    let node = |number: u8| vec![Selector::Node(NodeId(number - 1))];
    let mut all = vec![
        Lever::Cut {
            from: vec![Selector::All],
            to: vec![Selector::Leader, Selector::Resource],
            in_flight: InFlight::Deliver,
        },
        Lever::Partition {
            groups: vec![
                vec![Selector::MinorityWithLeader],
                vec![Selector::MajorityWithoutLeader, Selector::Resource],
            ],
            in_flight: InFlight::Drop,
        },
        Lever::Partition {
            groups: vec![vec![Selector::Zone(0)], vec![Selector::Zone(1)], node(5)],
            in_flight: InFlight::Deliver,
        },
        Lever::Restart { target: vec![Selector::Rest] },
        Lever::DiskStall { target: vec![Selector::Followers] },
        Lever::DiskSlow { target: vec![Selector::Candidate], by: ms(0, 40) },
        Lever::DiskLie { target: vec![Selector::Random(2)] },
        Lever::SlowNode { target: node(1), each: Jitter::exactly(Span(1)) },
        Lever::Transfer { to: node(2) },
        Lever::Resign { target: vec![Selector::Leader] },
        Lever::RemoveNode { target: vec![Selector::OldLeader] },
        Lever::Promote { target: node(4) },
    ];
    for reach in [Reach::Neighbours, Reach::Majority] {
        all.extend([InFlight::Drop, InFlight::Deliver].map(|in_flight| Lever::Ring {
            target: vec![Selector::All],
            reach,
            in_flight,
        }));
    }
    for disk in [DiskAfter::Kept, DiskAfter::Emptied, DiskAfter::RolledBack(Span::micros(1500))] {
        for unsynced in [Unsynced::Random, Unsynced::Lost, Unsynced::Kept] {
            all.extend([Connections::Silent, Connections::Reset].map(|connections| Lever::Crash {
                target: vec![Selector::Candidates],
                unsynced,
                connections,
                disk,
            }));
        }
    }
    for wake in [Wake::Random, Wake::TimersFirst, Wake::MessagesFirst] {
        all.push(Lever::Pause { target: node(1), wake });
        all.push(Lever::Freeze { target: node(1), wake });
    }
    for clock in [ClockChoice::Wall, ClockChoice::Mono, ClockChoice::Both] {
        let by = if clock == ClockChoice::Wall { -7 } else { 1_500 * MS };
        all.push(Lever::ClockStep { target: node(1), by, clock });
        all.push(Lever::ClockDrift { target: node(1), ppm: -900_000, clock });
    }
    for (by, clock) in [(-200 * MS, ClockChoice::Wall), (20 * MS, ClockChoice::Mono)] {
        all.push(Lever::ClockStrobe { target: node(1), by, every: Span::millis(50), clock });
    }
    for standing in [Standing::Voter, Standing::Learner, Standing::Witness] {
        all.push(Lever::AddNode { target: node(4), standing });
    }
    all.extend(every_damage());
    all
}

fn every_damage() -> Vec<Lever> {
    let none = Damage::default();
    // A probability that no short decimal is near to.
    let odd = Probability::new(1.0 / 3.0);
    let damages = [
        (Damage { delay: ms(0, 3), ..none }, false, Vec::new()),
        (Damage { loss: odd, ..none }, true, vec!["RequestVote", "Election"]),
        (Damage { loss: Probability::new(1e-9), duplicate: Probability::ALWAYS, ..none }, true, Vec::new()),
        (Damage { reorder: odd, reorder_delay: ms(1, 9), ..none }, false, vec!["RequestVote", "Coordinator"]),
        (
            Damage { delay: ms(1, 1), loss: odd, duplicate: odd, reorder: odd, reorder_delay: ms(2, 2) },
            false,
            Vec::new(),
        ),
    ];
    let degrade = |(damage, symmetric, only): (Damage, bool, Vec<&str>)| Lever::Degrade {
        from: vec![Selector::Leader],
        to: vec![Selector::Rest],
        symmetric,
        damage,
        only: only.into_iter().map(str::to_owned).collect(),
    };
    damages.into_iter().map(degrade).collect()
}

/// One of every trigger, with and without what goes with it.
fn every_trigger() -> Vec<Trigger> {
    let mut cues = vec![Cue::Epoch(3), Cue::Phase("vote-queued".to_owned())];
    cues.extend(Happening::ALL.map(Cue::Event));
    let mut all = Vec::new();
    for cue in cues {
        for at in [vec![], vec![Selector::OldLeader], vec![Selector::Zone(1), Selector::Node(NodeId(4))]] {
            for (count, after) in [(1, Span::ZERO), (3, Span::micros(1500))] {
                all.push(Trigger { cue: cue.clone(), at: at.clone(), count, after });
            }
        }
    }
    all
}

/// Reads a printed plan back.
#[track_caller]
fn read_back(algorithms: &str, plan: &Plan) -> Plan {
    let cluster = format!("[cluster]\nalgorithms = [{algorithms}]\nzones = {{ a = [1, 2], b = [3, 4] }}\n");
    let text = common::around(&format!("{cluster}{plan}"));
    match read_text(&text) {
        Ok((scenario, _)) => scenario.setting.plan,
        Err(remarks) => panic!("{}", render(&remarks, &text, false)),
    }
}

#[test]
fn every_lever_is_printed_as_it_is_read() {
    let printed: std::collections::BTreeSet<&str> = every_lever().iter().map(Lever::name).collect();
    // Isolations and bridges are partitions to the engines.
    let missing: Vec<&str> = levers()
        .iter()
        .map(|lever| lever.name)
        .filter(|name| !printed.contains(name) && !["isolate", "bridge"].contains(name))
        .collect();
    assert_eq!(missing, Vec::<&str>::new(), "each has its turn below");
    for lever in every_lever() {
        let mut fault = PlannedFault::at(Span::millis(2500), lever);
        let lasts = fault.lever.lasts().then_some(Span::millis(1500));
        fault.lasts = lasts;
        let plan = Plan { faults: vec![fault] };
        assert_eq!(read_back("\"raft\", \"bully\"", &plan), plan, "{plan}");
    }
}

#[test]
fn every_trigger_is_printed_as_it_is_read() {
    // What brings about the events of processes.
    let pause = Lever::Pause { target: vec![Selector::All], wake: Wake::Random };
    let crash = Lever::Crash {
        target: vec![Selector::All],
        unsynced: Unsynced::Random,
        connections: Connections::Silent,
        disk: DiskAfter::Kept,
    };
    for trigger in every_trigger() {
        let subject = Lever::DiskStall { target: vec![Selector::Subject] };
        let plan = Plan {
            faults: vec![
                PlannedFault::at(Span::secs(1), pause.clone()).lasting(Span::secs(1)),
                PlannedFault::at(Span::secs(1), crash.clone()).lasting(Span::secs(1)),
                PlannedFault::upon(trigger, subject),
            ],
        };
        assert_eq!(read_back("\"raft\"", &plan), plan, "{plan}");
    }
}

#[test]
fn what_a_nemesis_draws_is_printed_as_it_is_read() {
    let every_kind = nemesis::kinds().iter().map(|kind| format!("\"{}\"", kind.name)).collect::<Vec<_>>();
    let body = format!(
        "[cluster]\nalgorithms = [\"raft\", \"bully\"]\nzones = {{ a = [1, 2], b = [3, 4] }}\n\
         [nemesis]\nfaults = [{}]\nevery = \"100ms..300ms\"",
        every_kind.join(", ")
    );
    let setting = scenario(&body).setting;
    let nemesis = setting.nemesis.as_ref().expect("the table turns it on");
    for seed in 0..200 {
        let drawn = nemesis.draw(&setting, seed).plan;
        assert_eq!(read_back("\"raft\", \"bully\"", &drawn), drawn, "seed {seed}:\n{drawn}");
    }
}

#[test]
fn a_nemesis_has_its_defaults() {
    assert_eq!(scenario("").setting.nemesis, None, "without the table nothing is drawn");
    let defaults: Vec<&str> = nemesis::default_kinds().map(|kind| kind.name).collect();
    let expected =
        Nemesis { faults: defaults, every: ms(500, 2000), from: Span::secs(1), until: Span::secs(8) };
    assert_eq!(scenario("[nemesis]").setting.nemesis, Some(expected), "until the heal");
    let said = scenario(
        "[nemesis]\nfaults = [\"disk-lie\", \"crash\"]\nevery = \"1s\"\nfrom = \"0ms\"\nuntil = \"5s\"",
    );
    let expected = Nemesis {
        faults: vec!["disk-lie", "crash"],
        every: ms(1000, 1000),
        from: Span::ZERO,
        until: Span::secs(5),
    };
    assert_eq!(said.setting.nemesis, Some(expected));
    let text = "format = 1\nname = \"a\"\nrun = { for = \"1min\" }\n[nemesis]\n";
    let (never_healed, _) = read_text(text).unwrap();
    assert_eq!(never_healed.setting.nemesis.map(|one| one.until), Some(Span::secs(60)), "until the end");
}

#[test]
fn a_core_is_healed_where_it_is_said() {
    let text = |core: &str| format!("format = 1\nname = \"a\"\n[run]\nfor = \"9s\"\nheal = \"5s\"\n{core}\n");
    let core = |line: &str| read_text(&text(line)).unwrap().0.setting.core;
    assert_eq!(core(""), [], "left out, everything");
    assert_eq!(core("core = \"random(3)\""), [Selector::Random(3)]);
    assert_eq!(core("core = [\"leader\", \"random(2)\"]"), [Selector::Leader, Selector::Random(2)]);
}
