//! `scenario schema`: what it says of scenario files is true, in the eyes of a validator that knows nothing of ours.

use crate::support::{run, scenario_files};
use boon::{Compiler, SchemaIndex, Schemas};
use interregnum_campaign::catalogue;
use interregnum_scenario::{levers, read};
use serde_json::Value;
use std::fs;

/// What `scenario schema` prints, understood.
struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Validator {
    /// What the document breaks, in words; nothing where it fits.
    fn complaints(&self, document: &Value) -> Option<String> {
        self.schemas.validate(document, self.index).err().map(|error| format!("{error:#}"))
    }
}

/// Compiling a schema validates it against its own meta-schema, that of draft 2020-12.
fn validator() -> Validator {
    let schema = run("scenario schema").json();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "it says what it is");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let name = "scenario.schema.json";
    compiler.add_resource(name, schema).unwrap_or_else(|error| panic!("no schema: {error:#}"));
    let index = compiler.compile(name, &mut schemas).unwrap_or_else(|error| panic!("no schema: {error:#}"));
    Validator { schemas, index }
}

#[track_caller]
fn document(text: &str) -> Value {
    toml::from_str(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

#[test]
fn every_scenario_of_the_project_fits_the_schema() {
    let validator = validator();
    let files = scenario_files();
    assert!(files.len() > 50, "there are {}", files.len());
    for path in files {
        let text = fs::read_to_string(&path).expect("the file is readable");
        assert_eq!(validator.complaints(&document(&text)), None, "{}", path.display());
    }
}

/// A scenario that uses most of the format, with `FAULT` where a fault's keys go and `MORE` where tables go.
const SOUND: &str = r#"
format = 1
name = "sound"

[cluster]
nodes = 5
members = [1, 2, 3, 4]
zones = { a = [1, 2], b = [3] }
algorithms = ["raft"]
profile = "matched"

[parameters.raft]
pre_vote = true
election_timeout = "150ms..300ms"

[network]
loss = 0.01
latency = { lognormal = { median = "3ms", p99 = "20ms" } }

[[network.link]]
from = "zone a"
to = ["node 3", "resource"]
duplicate = 1

[clock]
offset = "-5ms..5ms"
drift_ppm = "-100..100"

[workload]
writes_every = "20ms"

[[fault]]
at = "1s"
every = "1s"
times = 2
crash = "leader"
unsynced = "lost"
for = "100ms"

[[fault]]
FAULT

[nemesis]
faults = ["partition", "crash"]
every = "100ms..1s"

[run]
for = "10s"
heal = "8s"
core = "random(3)"

[expect]
leader_within = "2s"
violated = ["leader-exclusion"]
failover = { p50 = "1s", never = "== 0" }
split_votes = "<= 5"
"#;

/// The keys of a fault that is in order.
const FAULT: &str = "when = { elections = 2, after = \"1ms\" }\nclock-step = \"subject\"\nby = \"-5ms\"";

fn with_fault(keys: &str) -> String {
    SOUND.replace("FAULT", keys)
}

fn is_read(text: &str) -> bool {
    let mut load = |_: &str| Err("there is no other file".to_owned());
    read("test.toml", text, &catalogue(), &mut load).is_ok()
}

#[test]
fn every_lever_fits_the_schema() {
    let validator = validator();
    let names = levers();
    for lever in &names {
        let lasts = if lever.lasts { "\nfor = \"1s\"" } else { "" };
        let text = with_fault(&format!("at = \"1s\"\n{}{lasts}", lever.example));
        assert!(is_read(&text), "{} is read", lever.name);
        assert_eq!(validator.complaints(&document(&text)), None, "{}", lever.name);
    }
}

/// Faults that are broken in one way each.
const BROKEN_FAULTS: [&str; 24] = [
    "crash = \"leader\"",
    "at = \"1s\"",
    "at = \"1s\"\nwhen = { elections = 2 }\ncrash = \"leader\"",
    "at = \"1s\"\ncrash = \"leader\"\nrestart = \"all\"",
    "at = \"1s\"\ncrahs = \"leader\"",
    "at = \"1\"\ncrash = \"leader\"",
    "at = 1\ncrash = \"leader\"",
    "at = \"1s\"\ncrash = \"leadr\"",
    "at = \"1s\"\ncrash = []",
    "at = \"1s\"\ncrash = \"resource\"",
    "at = \"1s\"\ncrash = \"leader\"\nwake = \"random\"",
    "at = \"1s\"\ncrash = \"leader\"\nunsynced = \"most\"",
    "at = \"1s\"\ncrash = \"leader\"\nevery = \"1s\"",
    "at = \"1s\"\ncrash = \"leader\"\ntimes = 2",
    "at = \"1s\"\ncrash = \"leader\"\nuntil = \"2s\"",
    "at = \"1s\"\nclock-step = \"leader\"",
    "at = \"1s\"\nclock-step = \"leader\"\nby = \"5ms\"\nfor = \"1s\"",
    "at = \"1s\"\nrollback = \"leader\"\nby = \"-5ms\"",
    "at = \"1s\"\nclock-drift = \"leader\"\nppm = 1000000",
    "at = \"1s\"\npartition = [[\"leader\"]]",
    "at = \"1s\"\ndegrade = { from = \"all\", to = \"all\", loss = 2 }",
    "when = { event = \"elekted\" }\ncrash = \"leader\"",
    "when = { elections = 0 }\ncrash = \"leader\"",
    "when = { elections = 2, epoch = 3 }\ncrash = \"leader\"",
];

/// What is replaced in [`SOUND`] by what, so that it is broken in one way each.
const BREAKS: [(&str, &str); 21] = [
    ("format = 1\n", ""),
    ("format = 1", "format = 2"),
    ("name = \"sound\"", "name = \"Sound\""),
    ("nodes = 5", "nodes = 65"),
    ("nodes = 5", "nodes = \"5\""),
    ("nodes = 5", "node = 5"),
    ("members = [1, 2, 3, 4]", "members = [1, 1]"),
    ("algorithms = [\"raft\"]", "algorithms = [\"rafft\"]"),
    ("profile = \"matched\"", "profile = \"fast\""),
    ("pre_vote = true", "pre_vote = \"yes\""),
    ("[parameters.raft]", "[parameters.paxos]"),
    ("loss = 0.01", "loss = 1.5"),
    ("p99 = \"20ms\"", "p98 = \"20ms\""),
    ("from = \"zone a\"", "from = \"leader\""),
    ("writes_every = \"20ms\"", "writes_every = \"often\""),
    ("faults = [\"partition\", \"crash\"]", "faults = [\"partition\", \"meteor\"]"),
    ("every = \"100ms..1s\"", "every = 100"),
    ("heal = \"8s\"", "heal = 8"),
    ("core = \"random(3)\"", "core = \"resource\""),
    ("violated = [\"leader-exclusion\"]", "violated = [\"peace\"]"),
    ("split_votes = \"<= 5\"", "split_votes = \"< 5\""),
];

#[test]
fn what_is_broken_does_not_fit_the_schema() {
    let validator = validator();
    let sound = with_fault(FAULT);
    assert!(is_read(&sound), "what is broken below is sound");
    assert_eq!(validator.complaints(&document(&sound)), None, "what is broken below is sound");
    let mut broken: Vec<String> = BROKEN_FAULTS.iter().map(|keys| with_fault(keys)).collect();
    for (sound_part, broken_part) in BREAKS {
        assert_eq!(sound.matches(sound_part).count(), 1, "{sound_part} can be replaced");
        broken.push(sound.replace(sound_part, broken_part));
    }
    for text in broken {
        assert!(!is_read(&text), "it is refused by the reader as well:\n{text}");
        assert!(validator.complaints(&document(&text)).is_some(), "{text}");
    }
}
