//! Running the command as a user does, in a folder of the test's own.

use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A leader crash that any correct Raft survives.
pub(crate) const SOUND: &str = r#"
format = 1
name = "sound"
summary = "The leader crashes and a successor is elected."
[cluster]
algorithms = ["raft"]
nodes = 3

[workload]
writes_every = "50ms"

[[fault]]
at = "1s"
crash = "leader"

[run]
for = "4s"
heal = "3s"

[expect]
leader_within = "1s"
failover = { p99 = "2s", never = "== 0" }
"#;

/// Crashes, loss, duplicates, and timeouts near the latency: elections collide, and most seeds show [`BUG`].
pub(crate) const TIGHT: &str = r#"
format = 1
name = "tight"
summary = "Elections collide."
[cluster]
algorithms = ["raft"]
nodes = 5

[parameters.raft]
election_timeout = "60ms..90ms"
heartbeat_interval = "15ms"

[network]
latency = "1ms..25ms"
loss = 0.02
duplicate = 0.1

[workload]
writes_every = "20ms"

[[fault]]
at = "500ms"
crash = "leader"
for = "100ms"

[[fault]]
at = "1s"
crash = "leader"
for = "100ms"

[run]
for = "3s"
heal = "2s"

[expect]
leader_within = "1s"
"#;

/// The planted bug that [`TIGHT`] shows.
pub(crate) const BUG: &str = "raft-prevote-counted-as-vote";

/// No group has a majority, and nothing heals: the failover never comes.
pub(crate) const LOST: &str = r#"
format = 1
name = "lost"
summary = "Nobody can be elected any more."
[cluster]
algorithms = ["raft"]
nodes = 3

[[fault]]
at = "1s"
partition = [["leader"], ["random(1)"], ["rest"]]

[run]
for = "2s"
"#;

/// An expectation that no Raft can fulfil.
pub(crate) const HASTY: &str = r#"
format = 1
name = "hasty"
summary = "The failover is expected within a millisecond."
[cluster]
algorithms = ["raft"]
nodes = 3

[[fault]]
at = "1s"
crash = "leader"

[run]
for = "3s"

[expect]
failover = { p50 = "1ms" }
"#;

/// [`TIGHT`] with latencies from a table beside it, `data/rtt.csv`.
pub(crate) fn measured() -> String {
    TIGHT.replace("nodes = 5", "nodes = 5\nzones = { near = [1, 2, 3], far = [4, 5] }").replace(
        "latency = \"1ms..25ms\"",
        "latency = { rtt_csv = \"data/rtt.csv\", spread = \"0ms..20ms\", resource_zone = \"near\" }",
    )
}

/// The table that [`measured`] names.
pub(crate) const ROUND_TRIPS: &str = "from,to,rtt_ms\nnear,near,1\nnear,far,9\nfar,far,1\n";

/// A folder of the test's own, and the command run in it.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// An empty folder; it goes away with the test.
    pub(crate) fn new() -> Place {
        Place { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A folder with one scenario file, `scenario.toml`.
    pub(crate) fn with(scenario: &str) -> Place {
        let place = Place::new();
        place.write("scenario.toml", scenario);
        place
    }

    /// The path of a file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        fs::write(path, contents).expect("the file is written");
    }

    /// Reads a file.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names in a folder below this one, hidden ones included, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).expect("the folder can be listed");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// The command, to be run in this folder, with nothing inherited that it would heed.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_interregnum"));
        command.current_dir(self.folder.path()).env_remove("INTERREGNUM_SEED").stdin(Stdio::null());
        command
    }

    /// Runs the command with these arguments, separated by spaces.
    pub(crate) fn run(&self, arguments: &str) -> Ended {
        self.run_with(arguments.split_whitespace())
    }

    /// Runs the command with these arguments.
    pub(crate) fn run_with(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ended {
        Ended::of(self.command().args(arguments).output().expect("the command starts"))
    }

    /// Runs the planted bug until it shows, and gives the replay file, relative to the folder.
    pub(crate) fn caught(&self) -> String {
        let ended = self.run(&format!("run scenario.toml --bug {BUG} --seeds 20 --out out"));
        assert_eq!(ended.code, 1, "the planted bug is caught: {}", ended.stderr);
        format!("out/replays/{}", self.names("out/replays").first().expect("a replay file"))
    }
}

/// A command that has ended.
pub(crate) struct Ended {
    /// Its exit code; -1 if a signal ended it.
    pub code: i32,
    /// The data.
    pub stdout: String,
    /// The chatter.
    pub stderr: String,
}

impl Ended {
    /// What became of a process. No command of these tests may panic.
    pub(crate) fn of(output: Output) -> Ended {
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        let ended = Ended {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        assert!(!ended.stderr.contains("panicked"), "the command panicked: {}", ended.stderr);
        ended
    }

    /// Asserts that the command was refused with this code, that every one of `words` is in its message, and that it
    /// printed no data.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "exit code; the message was: {}", self.stderr);
        assert_eq!(self.stdout, "", "nothing is printed as data");
        for word in words {
            assert!(self.stderr.contains(word), "the message lacks `{word}`: {}", self.stderr);
        }
    }

    /// The data as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in: {}", self.stdout))
    }
}

/// Runs without a place of its own that writes nothing.
pub(crate) fn run(arguments: &str) -> Ended {
    Place::new().run(arguments)
}

/// The repository's standard scenarios.
pub(crate) fn standard_scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

/// Every scenario file of the repository, those of the planted bugs included.
pub(crate) fn scenario_files() -> Vec<PathBuf> {
    let mut folders = vec![standard_scenarios(), standard_scenarios().join("../tests/planted")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder can be listed") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Rows of a CSV file by the names of their columns.
pub(crate) struct Rows {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    /// Reads a CSV text with a header.
    pub(crate) fn of(text: &str) -> Rows {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
        let header = cells(reader.headers().expect("a header"));
        let rows =
            reader.records().map(|record| cells(&record.expect("a row as long as the header"))).collect();
        Rows { header, rows }
    }

    /// The names of the columns.
    pub(crate) fn header(&self) -> Vec<&str> {
        self.header.iter().map(String::as_str).collect()
    }

    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// All cells of a column.
    #[track_caller]
    pub(crate) fn column(&self, name: &str) -> Vec<&str> {
        let at = self.header.iter().position(|column| column == name);
        let at = at.unwrap_or_else(|| panic!("there is no column {name}"));
        self.rows.iter().map(|row| row[at].as_str()).collect()
    }
}
