//! The application under scenarios: what the fence is worth, how long a failover takes, and what is refused.

use interregnum_campaign::{Engine, Job, Seeds, load, sweep};
use interregnum_etcd_example::app::Care;
use interregnum_etcd_example::{ALGORITHM, Application, Refused, Run, Summary, Trial, command};
use interregnum_kernel::{GlobalTime, NodeId, Observation, Span, What};
use interregnum_madsim_engine::Surroundings;
use interregnum_scenario::Scenario;
use rayon::prelude::*;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Fixed before any result was seen.
const FIRST_SEED: u64 = 0xe7cd_0000;
const SEEDS: u64 = 300;

const NAIVE: Application = Application { ttl: None, care: Care::Naive, fencing: None };

fn fenced(margin: u64) -> Application {
    Application { care: Care::Fenced { margin: Duration::from_millis(margin) }, ..Application::default() }
}

fn without_fence(application: Application) -> Application {
    Application { fencing: Some(false), ..application }
}

/// A scenario of this package.
fn scenario(name: &str) -> Scenario {
    load::load(Path::new(&path(name))).unwrap_or_else(|error| panic!("{error}")).scenario
}

/// Where a scenario of this package is.
fn path(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name).with_extension("toml");
    path.to_string_lossy().into_owned()
}

/// A scenario that says this besides.
fn scenario_with(rest: &str) -> Scenario {
    let text = format!(
        "format = 1\nname = \"some\"\nsummary = \"Something happens.\"\n\n[cluster]\nnodes = 3\nalgorithms = [\"lease-etcd\"]\n\
         {rest}\n[run]\nfor = \"10s\"\n"
    );
    let nothing = &mut |name: &str| Err(format!("there is no file {name}"));
    match interregnum_scenario::read("some.toml", &text, &load::catalogue(), nothing) {
        Ok((scenario, _)) => scenario,
        Err(wrong) => panic!("{}\n{text}", interregnum_scenario::render(&wrong, &text, false)),
    }
}

fn runs(trial: &Trial) -> Vec<Run> {
    let seeds = (FIRST_SEED..FIRST_SEED + SEEDS).into_par_iter();
    seeds.map(|seed| trial.run(seed).unwrap_or_else(|crashed| panic!("{crashed}"))).collect()
}

fn summed(name: &str, application: Application) -> Summary {
    let trial = Trial::new(&scenario(name), application).expect("the scenario can be run");
    let mut summary = Summary::new(&trial);
    runs(&trial).iter().for_each(|run| summary.add(run, &trial));
    summary
}

fn violated(summary: &Summary, name: &str) -> u64 {
    summary.property(name).expect("a registered invariant").violated_runs
}

#[test]
fn what_was_decided_on_before_a_pause_is_written_after_it_and_refused_by_the_fence() {
    let summary = summed("holder-paused", fenced(1000));
    assert!(summary.stale.rejected >= SEEDS / 2, "late writes arrive: {:?}", summary.stale);
    assert_eq!(summary.stale.accepted, 0, "and none is taken");
    assert_eq!(violated(&summary, "fenced-writes"), 0);
    assert!(summary.property("fenced-writes").is_some_and(|property| property.exercised_runs == SEEDS));
    assert_eq!(summary.complaints(), Vec::<String>::new(), "nothing that is asked is broken");
}

#[test]
fn without_a_fence_the_same_writes_are_taken_and_found() {
    let with = summed("holder-paused", fenced(1000));
    let without = summed("holder-paused", without_fence(fenced(1000)));
    assert_eq!(violated(&without, "fenced-writes"), with.runs_with_late_writes, "in the very runs");
    assert_eq!(without.stale.accepted, with.stale.rejected, "the very writes");
    assert!(without.complaints().iter().any(|complaint| complaint.starts_with("fenced-writes is violated")));
}

#[test]
fn an_application_that_sends_no_token_is_not_protected_by_a_fence() {
    for (name, least) in [("holder-paused", SEEDS / 2), ("holder-cut", SEEDS)] {
        let summary = summed(name, NAIVE);
        assert!(violated(&summary, "fenced-writes") >= least, "{name}: the judge finds the late writes");
        assert_eq!(summary.stale.rejected, 0, "{name}: the store has nothing to compare");
    }
}

#[test]
fn the_simulated_server_is_a_second_early_and_a_margin_of_a_second_makes_up_for_it() {
    let trusting = summed("holder-cut", fenced(0));
    assert!(
        violated(&trusting, "lease-exclusion") > SEEDS / 2,
        "a whole lease is more than the server keeps"
    );
    assert_eq!(trusting.stale.accepted, 0, "the fence holds all the same");
    let careful = summed("holder-cut", fenced(1000));
    assert_eq!(violated(&careful, "lease-exclusion"), 0, "a second less is not");
    assert!(careful.property("lease-exclusion").is_some_and(|property| property.exercised_runs == SEEDS));
}

/// How long a failover takes after a crash, from when the first write of the successor may be taken to when it has to be.
///
/// The last keep-alive that the server hears was sent at most a third of the lease and one exchange before the crash, and arrives at
/// most one latency after it. The server counts whole seconds, of which the first may be over at once: the lease ends after more than
/// its length less a second, and after its length at the latest. The successor is told, connects to the store in three steps of a
/// millisecond at least, is accepted within another one, puts its record together and sends it.
fn crash_bounds(scenario: &Scenario, ttl: Span) -> (Span, Span) {
    let (least, most) = Surroundings::of(&scenario.served).expect("these links").latency;
    let (_, prepare) = scenario.served.workload.check_to_act;
    let (floor, executor) = (Span::millis(1), Span::millis(1));
    let floors = floor + floor + floor;
    let age = Span(ttl.0 / 3) + most + most + executor;
    let shortest = ttl.saturating_sub(Span::secs(1)).saturating_sub(age) + least + least + floors + least;
    let longest = most + ttl + most + floors + floor + prepare + floor + most + executor;
    (shortest, longest)
}

/// The failovers that fit between bounds, and all.
fn within(runs: &[Run], (shortest, longest): (Span, Span)) -> (usize, usize) {
    let took = || runs.iter().flat_map(|run| &run.measurement.failovers).map(|failover| failover.took);
    let fits = took().filter(|took| took.is_some_and(|took| shortest <= took && took <= longest));
    (fits.count(), took().count())
}

#[test]
fn a_failover_after_a_crash_takes_what_is_left_of_the_lease() {
    let scenario = scenario("holder-crash");
    for ttl in [2, 3] {
        let trial =
            Trial::new(&scenario, Application { ttl: Some(ttl), ..fenced(0) }).expect("it can be run");
        let runs = runs(&trial);
        let (fit, all) = within(&runs, crash_bounds(&scenario, trial.ttl()));
        assert_eq!(fit, all, "all failovers with a lease of {ttl} s are within its bounds");
        assert_eq!(all as u64, 3 * SEEDS, "one for each crash");
        let (others, _) = within(&runs, crash_bounds(&scenario, Span::secs(u64::from(ttl) + 2)));
        assert!(others < all / 2, "and not within those of a lease of two seconds more: {others} of {all}");
    }
}

/// Who leads when a fault comes, and when it ceases to.
fn reigns_at(seen: &[Observation], fault: GlobalTime) -> Option<(NodeId, Option<GlobalTime>)> {
    let led = seen.iter().rfind(|one| one.at <= fault && matches!(one.what, What::Elected(_)))?;
    let ends =
        |one: &&Observation| one.node == led.node && one.at > fault && matches!(one.what, What::Deposed(_));
    Some((led.node, seen.iter().find(ends).map(|one| one.at)))
}

#[test]
fn a_holder_that_is_cut_off_stops_by_its_clock_and_another_follows_before_the_link_is_back() {
    let scenario = scenario("holder-cut");
    let (_, latency) = Surroundings::of(&scenario.served).expect("these links").latency;
    let (_, prepare) = scenario.served.workload.check_to_act;
    let every = scenario.served.workload.writes_every.expect("it writes");
    let trial = Trial::new(&scenario, fenced(0)).expect("it can be run");
    // It asked before the cut, looks before each write, and may be in the middle of one.
    let stops_within = trial.ttl() + every + prepare + latency + latency + Span::millis(5);
    for seed in FIRST_SEED..FIRST_SEED + SEEDS {
        let (_, seen) = trial.record(seed).expect("no panic");
        for cut in 0..3 {
            let at = GlobalTime::ZERO + Span::millis(4130 + 6370 * cut);
            let (old, ended) = reigns_at(&seen, at).expect("somebody led");
            let ended = ended.expect("its reign ends");
            assert!(
                ended.since(at) <= stops_within,
                "seed {seed:#x}, cut {cut}: {old} leads for {}",
                ended.since(at)
            );
            let healed = at + Span::secs(4);
            let follows = |one: &Observation| {
                one.node != old && at < one.at && one.at < healed && matches!(one.what, What::Elected(_))
            };
            assert!(seen.iter().any(follows), "seed {seed:#x}, cut {cut}: nobody follows {old}");
        }
    }
}

#[test]
fn a_naive_holder_that_is_cut_off_leads_on_until_the_link_is_back() {
    let trial = Trial::new(&scenario("holder-cut"), NAIVE).expect("it can be run");
    for seed in FIRST_SEED..FIRST_SEED + SEEDS {
        let (_, seen) = trial.record(seed).expect("no panic");
        let at = GlobalTime::ZERO + Span::millis(4130);
        let (old, ended) = reigns_at(&seen, at).expect("somebody led");
        assert!(ended.is_none_or(|ended| ended >= at + Span::secs(4)), "seed {seed:#x}: {old} was not told");
    }
}

#[test]
fn our_own_model_of_this_election_agrees_but_for_the_second_that_the_simulated_server_is_early() {
    let scenario = scenario("holder-crash");
    let seeds = Seeds { first: FIRST_SEED, count: SEEDS };
    let job = Job { scenario: &scenario, algorithm: ALGORITHM, seeds, bug: None, engine: Engine::Sim };
    let model = sweep(&job, &mut (), &|_| {}).expect("it can be run");
    let application = summed("holder-crash", fenced(0));
    for (who, failover) in [("model", &model.failover), ("application", &application.failover)] {
        assert_eq!(
            (failover.count(), failover.never()),
            (3 * SEEDS, 0),
            "{who}: one failover for each crash"
        );
    }
    assert_eq!((model.stale_writes.attempted, application.stale.attempted), (0, 0), "the dead do not write");
    assert_eq!(model.complaints, Vec::<String>::new(), "the model does what the scenario expects");
    assert_eq!(application.complaints(), Vec::<String>::new(), "so does the application");
    // The model's server ends no lease early, and looks twice a second: from the last keep-alive it takes the lease and up to half a
    // second, where the simulated one takes up to a second less. Means: a lease and a quarter of a second, a lease less half of one.
    // The model's client looks every half second whether a third of the lease has gone by: its last keep-alive is a quarter of a
    // second older in the mean, if looks and crashes have no rhythm in common, and half a second at most.
    let later = |per_mille| {
        let [model, application] = [&model.failover, &application.failover]
            .map(|failover| failover.per_mille(per_mille).expect("all came").0 as i64 / 1_000_000);
        model - application
    };
    assert!((250..=1000).contains(&later(500)), "the model's median is later by {} ms", later(500));
    assert!(later(1000) > 0, "its longest is later by {} ms", later(1000));
}

#[test]
fn a_client_that_asks_on_without_an_answer_keeps_a_seat_that_it_has_given_up() {
    let scenario = scenario("answers-lost");
    let seeds = Seeds { first: FIRST_SEED, count: SEEDS };
    let job = Job { scenario: &scenario, algorithm: ALGORITHM, seeds, bug: None, engine: Engine::Sim };
    let model = sweep(&job, &mut (), &|_| {}).expect("it can be run").failover;
    let application = summed("answers-lost", fenced(0)).failover;
    // The model's client, as etcd's, asks every half second until its lease is over by its clock, counted from the last answer, and
    // that was at most a third of the lease and half a second before the cut. The server counts a lease from the last question.
    let ttl = Span::secs(2);
    let age = Span(ttl.0 / 3) + Span::millis(500) + Span::millis(20);
    let earliest = ttl.saturating_sub(age).saturating_sub(Span::millis(500)) + ttl;
    assert!(model.min().is_some_and(|took| took >= earliest), "{:?} is before {earliest}", model.min());
    // The application asks once, and resigns when its lease is over by its clock: nobody waits longer than for that.
    assert!(application.max().is_some_and(|took| took < ttl), "{:?}", application.max());
}

/// The digests of some runs of everything here.
fn digests() -> Vec<String> {
    let mut digests = Vec::new();
    for name in ["holder-crash", "holder-cut", "holder-paused", "answers-lost"] {
        for application in [fenced(0), NAIVE] {
            let trial = Trial::new(&scenario(name), application).expect("it can be run");
            for seed in 1..=5 {
                let run = trial.run(seed).unwrap_or_else(|crashed| panic!("{crashed}"));
                digests.push(format!(
                    "{name} {seed}: {} after {} writes",
                    run.digest,
                    run.taken + run.refused
                ));
            }
        }
    }
    digests
}

const MARK: &str = "run of ";

#[test]
fn runs_are_told_apart_by_their_digests() {
    let mut digests = digests();
    digests.iter().for_each(|digest| println!("{MARK}{digest}"));
    let all = digests.len();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), all, "no two runs are alike");
}

#[test]
fn a_seed_is_one_run_in_every_thread_and_every_process() {
    let here = digests();
    assert_eq!(here, digests(), "again in this process");
    let program = std::env::current_exe().expect("a test is a program");
    let arguments = ["--exact", "runs_are_told_apart_by_their_digests", "--nocapture", "--test-threads=1"];
    let output = Command::new(program).args(arguments).output().expect("the program runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let there: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once(MARK)?.1)).collect();
    assert_eq!(there, here, "and in another");
}

#[test]
fn what_a_run_does_not_have_is_refused_by_name() {
    let fault = |lever: &str| format!("[[fault]]\nat = \"2s\"\n{lever}");
    let network = |line: &str| format!("[network]\n{line}");
    for (rest, what) in [
        (fault("freeze = \"leader\"\nfor = \"1s\""), "`freeze`"),
        (fault("slow-node = \"leader\"\neach = \"1ms..3ms\"\nfor = \"1s\""), "`slow-node`"),
        (fault("clock-step = \"leader\"\nby = \"1s\"\nclock = \"wall\""), "`clock-step`"),
        (fault("clock-drift = \"leader\"\nppm = 900\nclock = \"mono\"\nfor = \"1s\""), "`clock-drift`"),
        (fault("disk-stall = \"service\"\nfor = \"1s\""), "`disk-stall`"),
        (fault("replace = \"leader\""), "`replace`"),
        (fault("resign = \"leader\""), "`resign`"),
        (fault("crash = \"service\"\nfor = \"1s\""), "a crash of the service"),
        (fault("crash = \"all\"\nfor = \"1s\""), "a crash of the service"),
        (fault("pause = \"service 2\"\nfor = \"1s\""), "a service of several nodes"),
        (fault("degrade = { from = \"leader\", to = \"service\", loss = 0.5 }\nfor = \"1s\""), "`degrade`"),
        (fault("isolate = \"leader\"\nfor = \"1s\""), "`in_flight = \"drop\"`"),
        ("[nemesis]\nfaults = [\"pause\"]\nevery = \"1s..2s\"".to_owned(), "a nemesis"),
        (network("duplicate = 0.01"), "duplicated"),
        (network("latency = \"3ms\""), "latencies other than evenly spread ones"),
        ("[clock]\noffset = \"-50ms..50ms\"".to_owned(), "clocks that differ"),
        ("[workload]\ndiscovery = \"1s..2s\"".to_owned(), "`discovery`"),
    ] {
        let refused = Trial::new(&scenario_with(&rest), Application::default()).err();
        let why = refused.map(|refused| refused.to_string()).unwrap_or_default();
        assert!(
            why.starts_with("an application on madsim does not have") && why.contains(what),
            "{what}: {why}"
        );
    }
    let second = Application { ttl: Some(1), ..Application::default() };
    let refused = Trial::new(&scenario("holder-crash"), second).err();
    assert_eq!(refused, Some(Refused::ShortLease), "a lease that the simulated server cannot keep");
}

#[test]
fn what_a_run_has_of_pauses_cuts_and_loss_is_not_refused() {
    for rest in [
        "[network]\nlatency = \"2ms..9ms\"\nloss = 0.01\n[[fault]]\nat = \"2s\"\npause = \"service\"\nfor = \"1s\"",
        "[[fault]]\nat = \"2s\"\npartition = [[\"minority-with-leader\"], [\"majority-without-leader\"]]\nin_flight = \"deliver\"\nfor = \"3s\"",
        "[[fault]]\nwhen = { elections = 2, after = \"100ms\" }\ncrash = \"leader\"\nfor = \"1s\"\n[[fault]]\nat = \"3s\"\ncrash = \"leader\"",
    ] {
        let trial =
            Trial::new(&scenario_with(rest), fenced(1000)).unwrap_or_else(|why| panic!("{why}: {rest}"));
        let runs: Vec<Run> = (1..=20).map(|seed| trial.run(seed).expect("no panic")).collect();
        assert!(runs.iter().any(|run| run.missed_faults == 0), "the faults find their targets: {rest}");
        assert!(runs.iter().all(|run| run.taken > 20), "somebody writes: {rest}");
        let mut summary = Summary::new(&trial);
        runs.iter().for_each(|run| summary.add(run, &trial));
        assert_eq!(summary.complaints(), Vec::<String>::new(), "{rest}");
    }
}

/// What the command prints, to whom, and how it ends.
fn command(arguments: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code =
        command::run(std::iter::once("etcd_election").chain(arguments.iter().copied()), &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (code.expect("the buffers take it"), text(out), text(err))
}

#[test]
fn the_command_ends_with_the_codes_of_the_project() {
    let paused = path("holder-paused");
    let (code, table, _) = command(&[&paused, "--seeds", "20"]);
    assert_eq!(code, 0, "all that is asked holds: {table}");
    assert!(table.contains("fenced-writes") && table.contains("holds"), "{table}");
    let (code, table, _) = command(&[&paused, "--seeds", "20", "--fence", "off"]);
    assert_eq!(code, 1, "a property does not: {table}");
    assert!(table.contains("fenced-writes is violated in") && table.contains("seed 0x"), "{table}");
    let standard = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/vm-freeze-past-lease.toml");
    let (code, table, why) = command(&[&standard.to_string_lossy()]);
    assert_eq!((code, table.as_str()), (2, ""), "a scenario that cannot be run is a mistake of its user");
    assert!(why.contains("does not have"), "{why}");
    let crowd = path("crowd");
    let (code, table, why) = command(&[&crowd, "--seeds", "5"]);
    assert_eq!((code, table.as_str()), (3, ""), "the simulated etcd panics");
    assert_eq!(why, "error: the run of seed 0x1 panicked: sender should not drop\n", "and the seed is named");
    assert_eq!(command(&["no-such-file.toml"]).0, 2);
    assert_eq!(command(&[&paused, "--seeds", "many"]).0, 2);
    let (_, one, _) = command(&[&paused, "--seed", "0x2a"]);
    let (_, again, _) = command(&[&paused, "--seed", "42"]);
    assert!(one.contains("\ndigest ") && one == again, "a seed is printed with its digest: {one}");
}
