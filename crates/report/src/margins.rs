//! How much of a disturbance exclusion bears, as a table, as CSV and as JSON.

use crate::json::{SCHEMA_VERSION, Tool};
use crate::verdicts::STYLE;
use comfy_table::{CellAlignment, Table};
use interregnum_campaign::margins::{Margin, Question};
use interregnum_scenario::{Parameters, Profile};
use serde::Serialize;
use std::fmt;

/// What margins were measured with.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Whose defaults held.
    pub profile: Profile,
    /// How many contenders there were.
    pub contenders: usize,
    /// How many service nodes there were.
    pub service: usize,
    /// The seeds.
    pub question: Question,
}

impl Measured {
    /// What is said of a cluster of these parameters.
    pub fn of(parameters: &Parameters, question: Question) -> Measured {
        let service = parameters.service.len();
        let contenders = usize::from(parameters.nodes) - service;
        Measured { profile: parameters.profile, contenders, service, question }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measured { profile, contenders, service, question: Question { first_seed, seeds } } = self;
        write!(
            f,
            "profile {profile}; each dose tried with {seeds} seeds from {first_seed:#x} on; {contenders} contenders, \
             {service} service nodes"
        )
    }
}

/// A row for each margin.
pub fn table(margins: &[Margin]) -> String {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_header(["algorithm", "strain", "breaks at", "bears", "from timers", "documented", "runs"]);
    for margin in margins {
        let dose = |amount: Option<u64>| amount.map_or_else(|| "-".to_owned(), |it| margin.strain.dose(it));
        let breaks = margin.breaks_at.map_or_else(
            || format!("not by {}", margin.strain.dose(margin.most)),
            |it| margin.strain.dose(it),
        );
        table.add_row([
            margin.algorithm.to_owned(),
            margin.strain.to_string(),
            breaks,
            bears(margin),
            dose(margin.derived),
            dose(margin.documented),
            margin.runs.to_string(),
        ]);
    }
    for index in 2..7 {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    format!("{}\n\n{KEY}\n{}", lines.join("\n"), sources(margins))
}

/// What is borne; nothing where no dose at all breaks it already.
fn bears(margin: &Margin) -> String {
    match margin.breaks_at {
        Some(0) => "nothing".to_owned(),
        _ => margin.strain.dose(margin.bears),
    }
}

const KEY: &str = "\
slow-clock: the holder's clocks are slow by so much, and it is cut from the service; freeze: its machine stands, clocks\n\
included; both break lease-exclusion, or leader-exclusion where leaders hold no lease of their own. pause: its process\n\
stands between deciding on a write and sending it; a resource that compares no tokens takes the stale write. Each dose\n\
was tried with many seeds: more can only lower what is borne. From timers: what follows from them alone; a message or an\n\
fsync more or less makes the rest.\n";

/// Where what is documented is said, and how the rest is derived.
fn sources(margins: &[Margin]) -> String {
    let told = margins.iter().filter(|margin| !margin.source.is_empty());
    told.map(|margin| format!("{}, {}: {}.\n", margin.algorithm, margin.strain, margin.source)).collect()
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    algorithm: &'a str,
    profile: Profile,
    contenders: usize,
    service: usize,
    strain: &'static str,
    unit: &'static str,
    invariant: &'static str,
    breaks_at: Option<u64>,
    bears: u64,
    most_tried: u64,
    derived: Option<u64>,
    documented: Option<u64>,
    seed: Option<u64>,
    runs: u64,
    source: &'a str,
}

fn row<'a>(margin: &'a Margin, measured: Measured) -> Row<'a> {
    Row {
        algorithm: margin.algorithm,
        profile: measured.profile,
        contenders: measured.contenders,
        service: measured.service,
        strain: margin.strain.name(),
        unit: margin.strain.unit(),
        invariant: margin.invariant,
        breaks_at: margin.breaks_at,
        bears: margin.bears,
        most_tried: margin.most,
        derived: margin.derived,
        documented: margin.documented,
        seed: margin.seed,
        runs: margin.runs,
        source: margin.source,
    }
}

/// One row for each margin.
///
/// # Errors
/// If the rows cannot be written; they are written to memory.
pub fn csv(margins: &[Margin], measured: Measured) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for margin in margins {
        writer.serialize(row(margin, measured))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    schema_version: u32,
    tool: Tool<'a>,
    margins: Vec<Row<'a>>,
}

/// All margins as one JSON document.
pub fn json(tool: Tool<'_>, margins: &[Margin], measured: Measured) -> String {
    let margins = margins.iter().map(|margin| row(margin, measured)).collect();
    let document = Document { schema_version: SCHEMA_VERSION, tool, margins };
    serde_json::to_string_pretty(&document).map(|text| text + "\n").unwrap_or_default()
}

/// One line of JSON for each margin.
pub fn ndjson(tool: Tool<'_>, margins: &[Margin], measured: Measured) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        schema_version: u32,
        tool: Tool<'a>,
        #[serde(flatten)]
        row: Row<'a>,
    }
    let line = |margin| {
        let line = Line { schema_version: SCHEMA_VERSION, tool, row: row(margin, measured) };
        serde_json::to_string(&line).unwrap_or_default() + "\n"
    };
    margins.iter().map(line).collect()
}
