//! A run's record: versioned NDJSON, a header line, a line per event, and a closing line.

use crate::sweep::{Job, Run};
use interregnum_world::Recorder;
use interregnum_world::record::Entry;
use serde::Serialize;

/// The version of the record's format.
pub const VERSION: u32 = 1;

/// Writes a line of JSON for every event.
#[derive(Clone, Debug, Default)]
pub struct Ndjson {
    text: String,
}

#[derive(Serialize)]
struct Header<'a> {
    interregnum_record: u32,
    tool_version: &'a str,
    scenario: &'a str,
    algorithm: &'a str,
    bug: Option<&'a str>,
    seed: String,
    nodes: u8,
}

#[derive(Serialize)]
struct Closing {
    end: bool,
    digest: String,
    events: u64,
}

impl Ndjson {
    /// A record that begins with what was run.
    pub fn new(job: &Job<'_>, seed: u64) -> Ndjson {
        let mut record = Ndjson::default();
        record.line(&Header {
            interregnum_record: VERSION,
            tool_version: env!("CARGO_PKG_VERSION"),
            scenario: &job.scenario.name,
            algorithm: job.algorithm,
            bug: job.bug,
            seed: format!("{seed:#x}"),
            nodes: job.scenario.setting.nodes,
        });
        record
    }

    /// Closes the record and hands it over.
    pub fn finish(&mut self, run: &Run) -> String {
        let digest = run.digest.to_string();
        self.line(&Closing { end: true, digest, events: run.counts.events });
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
        self.line(&entry);
    }
}
