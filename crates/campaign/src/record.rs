//! A run's record: versioned NDJSON, a header line, a line per event, and a closing line.

use crate::engine::Engine;
use crate::replay::drawn;
use crate::sweep::{Job, Run};
use interregnum_scenario::Profile;
use interregnum_world::Recorder;
use interregnum_world::nemesis::Drawn;
use interregnum_world::record::Entry;
use serde::Serialize;

/// The version of the record's format.
pub const VERSION: u32 = 1;

/// Writes a line of JSON for every event.
#[derive(Clone, Debug, Default)]
pub struct Ndjson {
    text: String,
    entries: u64,
}

#[derive(Serialize)]
struct Header<'a> {
    interregnum_record: u32,
    tool_version: &'a str,
    scenario: &'a str,
    algorithm: &'a str,
    bug: Option<&'a str>,
    seed: String,
    /// All of them, the coordination service's included.
    nodes: u8,
    /// How many of them, the last, are the coordination service's.
    #[serde(skip_serializing_if = "is_none")]
    service: u8,
    profile: Profile,
    /// What ran it, if not the simulator.
    #[serde(skip_serializing_if = "Engine::is_default")]
    engine: Engine,
    /// What the seed has drawn, where the scenario has a nemesis.
    #[serde(skip_serializing_if = "Option::is_none")]
    nemesis: Option<Drawn>,
}

/// Most algorithms have no coordination service, and nothing is said of it then.
fn is_none(nodes: &u8) -> bool {
    *nodes == 0
}

#[derive(Serialize)]
struct Closing {
    end: bool,
    digest: String,
    /// Lines between the header and this one.
    entries: u64,
    /// Events that the run counted; those at which nothing happened have no line.
    events: u64,
}

impl Ndjson {
    /// A record that begins with what was run.
    pub fn new(job: &Job<'_>, seed: u64) -> Ndjson {
        let mut record = Ndjson::default();
        let setting = job.scenario.setting_for(job.algorithm);
        record.line(&Header {
            interregnum_record: VERSION,
            tool_version: env!("CARGO_PKG_VERSION"),
            scenario: &job.scenario.name,
            algorithm: job.algorithm,
            bug: job.bug,
            seed: format!("{seed:#x}"),
            nodes: setting.nodes,
            service: setting.service.len() as u8,
            profile: job.scenario.profile,
            engine: job.engine,
            nemesis: drawn(job.scenario, job.algorithm, seed),
        });
        record
    }

    /// Closes the record and hands it over.
    pub fn finish(&mut self, run: &Run) -> String {
        let digest = run.digest.to_string();
        self.line(&Closing { end: true, digest, entries: self.entries, events: run.counts.events });
        self.entries = 0;
        std::mem::take(&mut self.text)
    }

    fn line(&mut self, value: &impl Serialize) {
        // Plain structs with string keys: JSON can write all of them.
        if let Ok(line) = serde_json::to_string(value) {
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }
}

impl Recorder for Ndjson {
    const ON: bool = true;
    fn entry(&mut self, entry: Entry) {
        self.entries += 1;
        self.line(&entry);
    }
}
