//! `margins`: what is measured, with which cluster, and what is refused.

use crate::support::{Place, run};

/// A Kubernetes lease of one second that is held for half of it at most.
const HALF: &str = r#"
format = 1
name = "half"
summary = "A lease that its holder gives up after half of its time."
[cluster]
algorithms = ["lease-kubernetes", "raft"]
nodes = 2

[parameters.lease-kubernetes]
renew_deadline = "450ms"

[service]
nodes = 1

[run]
for = "1s"
"#;

fn rows(place: &Place, csv: &str) -> Vec<Vec<String>> {
    let text = place.read(csv);
    let row = |line: &str| line.split(',').map(str::to_owned).collect();
    text.lines().map(row).collect()
}

#[test]
fn a_margin_is_measured_told_and_written() {
    let place = Place::new();
    let ended = place
        .run("margins --algorithms lease-kubernetes --strains freeze --profile matched --seeds 8 --out out");
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let row = ended.stdout.lines().find(|line| line.contains("lease-kubernetes")).expect("a row");
    assert!(row.contains("freeze") && row.contains(" ms"), "{row}");
    assert!(ended.stderr.contains("8 seeds from 0x1 on; 3 contenders, 3 service nodes"), "{}", ended.stderr);
    assert_eq!(
        place.names("out"),
        ["margins-lease-kubernetes.svg", "margins.csv", "margins.json", "margins.txt"]
    );
    let [header, row] = &rows(&place, "out/margins.csv")[..] else { panic!("one row") };
    let value = |name: &str| &row[header.iter().position(|column| column == name).expect(name)];
    let breaks: u64 = value("breaks_at").parse().expect("nanoseconds");
    let bears: u64 = value("bears").parse().expect("nanoseconds");
    assert_eq!((value("unit").as_str(), value("invariant").as_str()), ("ns", "lease-exclusion"));
    assert!(bears < breaks && breaks - bears <= 2_000_000, "{bears} to {breaks} is the grain of 2 ms");
}

#[test]
fn the_same_seeds_find_the_same() {
    let arguments = "margins --algorithms lease-redis --profile matched --seeds 4 --format json";
    let (one, other) = (run(&format!("{arguments} --jobs 1")), run(&format!("{arguments} --jobs 2")));
    assert_eq!(one.code, 0, "{}", one.stderr);
    assert_eq!(one.stdout, other.stdout);
}

/// With a lease of 1 s that is held for 500 ms after the last renewal, a clock may run at half its rate; with the default,
/// 717 ms, it may be slow by 28 per cent.
#[test]
fn a_scenarios_own_parameters_and_cluster_are_measured() {
    let place = Place::new();
    place.write("half.toml", HALF);
    let slow = |more: &str| {
        let ended = place.run(&format!("margins --strains slow-clock --seeds 8 --format json {more}"));
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let margins = ended.json()["margins"].clone();
        assert_eq!(margins.as_array().map(Vec::len), Some(1), "raft has no such margins: {margins}");
        margins[0].clone()
    };
    let half = slow("--scenario half.toml");
    assert_eq!((half["contenders"].as_u64(), half["service"].as_u64()), (Some(2), Some(1)));
    let default = slow("--algorithms lease-kubernetes --profile matched");
    let bears = |margin: &serde_json::Value| margin["bears"].as_u64().expect("parts per million");
    assert!(bears(&half) >= 480_000, "{half}");
    assert!(bears(&default) < 400_000, "{default}");
}

#[test]
fn what_has_no_such_margins_is_refused_by_name() {
    for (arguments, why) in [
        ("margins --algorithms raft", "raft elects without a coordination service"),
        ("margins --algorithms lease-etdc", "did you mean `lease-etcd`?"),
        ("margins --strains freeeze", "did you mean `freeze`?"),
        ("margins --seeds 0", "--seeds"),
        ("margins --scenario nowhere.toml", "nowhere.toml"),
    ] {
        let ended = run(arguments);
        assert_eq!(ended.code, 2, "{arguments}: {}", ended.stderr);
        assert!(ended.stderr.contains(why), "{arguments}: {}", ended.stderr);
    }
}
