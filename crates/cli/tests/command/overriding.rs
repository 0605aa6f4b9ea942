//! `--profile`, `--nodes`, and what `compare` runs by cluster size.

use crate::support::{BUG, HASTY, Place, Rows, SOUND, TIGHT, standard_scenarios};
use interregnum_registry::ALGORITHMS;
use std::fs;

/// A leader crash under the name that is run by cluster size.
fn crash() -> String {
    SOUND.replace("name = \"sound\"", "name = \"leader-crash\"")
}

#[test]
fn another_profile_is_in_every_result_and_under_another_digest() {
    // Late enough for the slower profile to have a leader to lose, and long enough to replace it.
    let late =
        SOUND.replace("at = \"1s\"", "at = \"4s\"").replace("\"4s\"\nheal = \"3s\"", "\"9s\"\nheal = \"8s\"");
    let place = Place::with(&late);
    let digests = |arguments: &str, profile: &str, nodes: &str| {
        let ended = place.run(&format!("run scenario.toml --seeds 5 --format json --out out {arguments}"));
        assert_eq!(ended.code, 0, "`{arguments}`: {}", ended.stderr);
        let row = &ended.json()["results"][0];
        assert_eq!(
            (&row["profile"], row["nodes"].to_string().as_str()),
            (&profile.into(), nodes),
            "{arguments}"
        );
        for file in ["summary.csv", "runs.csv", "failovers.csv"] {
            let rows = Rows::of(&place.read(&format!("out/{file}")));
            assert!(rows.column("profile").iter().all(|cell| *cell == profile), "{file}, `{arguments}`");
            assert!(rows.column("nodes").iter().all(|cell| *cell == nodes), "{file}, `{arguments}`");
        }
        let plot = place.read("out/failover-sound.svg");
        assert!(
            plot.contains(&format!("profile {profile}, {nodes} nodes")),
            "`{arguments}`: the plot's caption"
        );
        row["digest"].to_string()
    };
    let own = digests("", "matched", "3");
    assert_eq!(digests("--profile matched --nodes 3", "matched", "3"), own, "the file's own values");
    assert_ne!(digests("--profile production", "production", "3"), own, "another profile");
    assert_ne!(digests("--nodes 7", "matched", "7"), own, "another size");
}

#[test]
fn the_table_begins_with_the_profile() {
    let ended = Place::with(SOUND).run("run scenario.toml --seeds 5 --profile production");
    assert!(ended.stdout.starts_with("profile production, 3 nodes, 5 runs"), "{}", ended.stdout);
    assert!(ended.stderr.contains("configurations, not algorithms"), "and it is said what it is for");
    let matched = Place::with(SOUND).run("run scenario.toml --seeds 5");
    assert!(!matched.stderr.contains("configurations"), "which goes without saying for the other");
}

#[test]
fn numbers_are_not_judged_under_another_profile_and_safety_is() {
    let place = Place::with(HASTY);
    assert_eq!(place.run("run scenario.toml --seeds 5").code, 1, "a millisecond is too much to ask");
    for arguments in ["--profile production", "--nodes 5"] {
        let ended = place.run(&format!("run scenario.toml --seeds 5 {arguments}"));
        assert_eq!(ended.code, 0, "`{arguments}` is not what the bound is meant for: {}", ended.stderr);
        assert!(ended.stdout.contains("not judged"), "`{arguments}`: {}", ended.stdout);
    }
    let bounded = place.run("run scenario.toml --seeds 5 --nodes 5 --format json").json();
    assert_eq!(bounded["results"][0]["not_judged"], serde_json::json!(["failover"]), "by its key");
    let place = Place::with(TIGHT);
    let ended = place.run(&format!("run scenario.toml --seeds 20 --nodes 7 --bug {BUG}"));
    assert_eq!(ended.code, 1, "a broken promise is one in any size: {}", ended.stderr);
}

#[test]
fn faults_that_came_before_the_slower_profile_had_a_leader_are_told() {
    let place = Place::with(&SOUND.replace("at = \"1s\"", "at = \"100ms\""));
    let ended = place.run("run scenario.toml --seeds 5 --profile production");
    assert_eq!(ended.code, 0, "it is an answer: {}", ended.stderr);
    let words = "no fault found a target in: sound raft";
    assert!(ended.stdout.contains(words), "and it is said: {}", ended.stdout);
    assert_eq!(
        place.run("run scenario.toml --seeds 5").code,
        1,
        "in its own profile the scenario is at fault"
    );
}

#[test]
fn what_is_kept_of_an_overridden_run_replays() {
    let place = Place::with(TIGHT);
    let ended = place
        .run(&format!("run scenario.toml --seeds 20 --nodes 7 --profile production --bug {BUG} --out out"));
    assert_eq!(ended.code, 1, "the bug is caught: {}", ended.stderr);
    let kept = place.names("out/replays");
    assert!(kept[0].contains("-production-7-nodes-"), "the name tells it from other runs: {kept:?}");
    let text = place.read(&format!("out/replays/{}", kept[0]));
    for line in ["profile = \"production\"", "nodes = 7"] {
        assert!(text.lines().any(|one| one == line), "the file lacks `{line}`: {text}");
    }
    let elsewhere = Place::new();
    elsewhere.write("kept.toml", &text);
    let replayed = elsewhere.run("replay kept.toml");
    assert_eq!(replayed.code, 0, "it is the same run: {}", replayed.stderr);
    assert!(replayed.stdout.contains("profile production, 7 nodes, seed"), "it says so: {}", replayed.stdout);
    let document = elsewhere.run("replay kept.toml --format json").json();
    assert_eq!(
        (&document["profile"], &document["nodes"]),
        (&"production".into(), &7.into()),
        "for programs too"
    );
    elsewhere.write("kept.toml", text.replace("nodes = 7\n", "nodes = 9\n"));
    assert_eq!(elsewhere.run("replay kept.toml").code, 1, "and not in another size");
    elsewhere.write("kept.toml", text.replace("\nnodes = 7\n", "\nnodes = 200\n"));
    elsewhere.run("replay kept.toml").refused(2, &["a cluster of 200 nodes"]);
    elsewhere.write("kept.toml", text.replace("profile = \"production\"", "profile = \"dreamt\""));
    elsewhere.run("replay kept.toml").refused(2, &["dreamt", "production"]);
}

#[test]
fn the_command_for_an_overridden_run_is_whole() {
    let place = Place::with(TIGHT);
    let arguments = "run scenario.toml --seeds 20 --nodes 7 --profile production --engine madsim";
    let ended = place.run(&format!("{arguments} --bug {BUG}"));
    let line = ended.stderr.lines().find(|line| line.contains(": interregnum run ")).expect("a command");
    let (_, command) = line.split_once(": interregnum ").expect("a command");
    let again = place.run(command.split(" (and").next().expect("the command"));
    assert_eq!(again.code, 1, "`{command}` fails again: {}", again.stderr);
    assert!(
        again.stdout.starts_with("on madsim, profile production, 7 nodes"),
        "in the same cluster: {}",
        again.stdout
    );
    let digest = |text: &str| text.split_once("digest ").map(|(_, rest)| rest[..32].to_owned());
    assert_eq!(digest(&again.stderr), digest(line), "on the same engine");
}

#[test]
fn a_size_that_a_scenario_does_not_fit_is_refused_with_its_diagnostics() {
    let place = Place::with(&SOUND.replace("crash = \"leader\"", "crash = \"node 3\""));
    assert_eq!(place.run("run scenario.toml --seeds 2 --nodes 5").code, 0, "five nodes have a third");
    place.run("run scenario.toml --nodes 2").refused(2, &["scenario.toml:14:9", "no node 3", "--nodes 2"]);
    place.run("run scenario.toml --nodes 0").refused(2, &["--nodes", "1..=64"]);
    place.run("run scenario.toml --nodes 65").refused(2, &["--nodes", "1..=64"]);
    place.run("run scenario.toml --profile fast").refused(2, &["--profile", "matched", "production"]);
}

#[test]
fn a_comparison_is_run_by_cluster_size_too() {
    let place = Place::new();
    place.write("scenarios/crash.toml", crash());
    let ended = place.run("compare --seeds 3 --algorithms raft --out reports");
    assert_eq!(ended.code, 0, "nothing unexpected: {}", ended.stderr);
    let rows = Rows::of(&place.read("reports/latest/scaling.csv"));
    assert_eq!(rows.column("nodes"), ["3", "5", "7", "9", "13", "17", "25", "33"], "a row per size");
    assert!(rows.column("seeds").iter().all(|seeds| *seeds == "3"), "with the seeds that were asked for");
    let costs: Vec<f64> =
        rows.column("messages_per_election").iter().map(|cell| cell.parse().expect("a mean")).collect();
    assert!(costs.is_sorted(), "an election costs more in a larger cluster: {costs:?}");
    for (messages, elections, cost) in costs.iter().enumerate().map(|(row, cost)| {
        let number = |column: &str| rows.column(column)[row].parse::<f64>().expect("a count");
        (number("election_messages"), number("elections"), cost)
    }) {
        assert!((messages / elections - cost).abs() < 0.005, "{messages} over {elections} is not {cost}");
    }
    for plot in ["messages-per-election-by-size.svg", "failover-by-size.svg"] {
        let svg = place.read(&format!("reports/latest/{plot}"));
        let again = "interregnum run scenarios/crash.toml --nodes 33";
        assert!(svg.contains(again) && svg.contains("n = 3 runs"), "{plot} says how to repeat it");
    }
}

#[test]
fn the_size_of_a_row_is_repeated_by_the_command_of_the_plot() {
    let place = Place::new();
    place.write("scenarios/crash.toml", crash());
    place.run("compare --seeds 3 --algorithms raft --profile production --out reports");
    let rows = Rows::of(&place.read("reports/latest/scaling.csv"));
    assert!(rows.column("profile").iter().all(|profile| *profile == "production"), "the profile is kept");
    let arguments = "run scenarios/crash.toml --profile production --nodes 33 --seeds 3 --format json";
    let alone = place.run(arguments).json();
    assert_eq!(alone["results"][0]["digest"], rows.column("digest")[7], "the same runs");
}

#[test]
fn no_more_seeds_are_spent_on_a_size_than_a_plot_needs() {
    let place = Place::new();
    place.write(
        "scenarios/crash.toml",
        crash()
            .replace("for = \"4s\"\nheal = \"3s\"", "for = \"2s\"\nheal = \"1500ms\"")
            .replace("\"1s\"\nfailover = { p99 = \"2s\", never = \"== 0\" }", "\"500ms\""),
    );
    place.run("compare --seeds 201 --algorithms raft --out reports");
    let rows = Rows::of(&place.read("reports/latest/scaling.csv"));
    assert_eq!(rows.column("seeds"), ["200"; 8]);
}

#[test]
fn without_the_scenario_nothing_is_run_by_size_and_that_is_said() {
    let place = Place::new();
    place.write("scenarios/crash.toml", crash());
    place.run("compare --seeds 2 --algorithms raft --out reports");
    fs::remove_file(place.path("scenarios/crash.toml")).expect("the file is there");
    place.write("scenarios/sound.toml", SOUND);
    let ended = place.run("compare --seeds 2 --algorithms raft --out reports");
    assert_eq!(ended.code, 0, "nothing unexpected: {}", ended.stderr);
    assert!(ended.stderr.contains("no scenario named `leader-crash`"), "{}", ended.stderr);
    let names = place.names("reports/latest");
    assert!(
        !names.iter().any(|name| name.contains("by-size") || name == "scaling.csv"),
        "old ones go: {names:?}"
    );
}

#[test]
fn a_comparison_is_one_screen_and_its_rows_are_at_hand() {
    let place = Place::new();
    place.write("scenarios/crash.toml", crash());
    let screen = place.run("compare --seeds 2 --algorithms raft --out reports").stdout;
    assert!(screen.starts_with("profile matched, 3 nodes, 2 runs"), "{screen}");
    assert!(screen.contains("ES election-safety"), "invariants against algorithms: {screen}");
    assert!(!screen.contains("p99"), "no row of figures: {screen}");
    let details = place.run("compare --seeds 2 --algorithms raft --out reports --details").stdout;
    assert!(details.starts_with(&screen), "the same screen first: {details}");
    for words in ["p99", "holds in 1", "messages per election, by nodes"] {
        assert!(details.contains(words), "the details lack `{words}`: {details}");
    }
    assert_eq!(place.read("reports/latest/verdicts.txt"), details, "and all of it is in a file");
}

#[test]
fn the_standard_scenarios_can_be_compared_under_either_profile() {
    let folder = standard_scenarios();
    let folder = folder.to_str().expect("a path in UTF-8");
    for profile in ["matched", "production"] {
        let place = Place::new();
        let ended = place.run_with(["compare", "--scenarios", folder, "--seeds", "1", "--profile", profile]);
        assert!(ended.code < 2, "no algorithm refuses its parameters, {profile}: {}", ended.stderr);
        let rows = Rows::of(&place.read("reports/latest/scaling.csv"));
        assert_eq!(rows.len(), 8 * ALGORITHMS.len(), "{profile}: every algorithm in every size");
        assert!(rows.column("profile").iter().all(|cell| *cell == profile), "{profile}: the profile is kept");
    }
}
