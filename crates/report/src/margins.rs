//! How much of a disturbance exclusion bears, as a table, as CSV and as JSON.

use crate::json::{SCHEMA_VERSION, Tool};
use crate::verdicts::STYLE;
use comfy_table::{CellAlignment, Table};
use interregnum_campaign::margins::Margin;
use interregnum_scenario::Profile;
use serde::Serialize;

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
    format!("{}\n\n{KEY}", lines.join("\n"))
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
was tried with many seeds: more can only lower what is borne.\n";

#[derive(Debug, Serialize)]
struct Row<'a> {
    algorithm: &'a str,
    profile: Profile,
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

fn row<'a>(margin: &'a Margin, profile: Profile) -> Row<'a> {
    Row {
        algorithm: margin.algorithm,
        profile,
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
pub fn csv(margins: &[Margin], profile: Profile) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for margin in margins {
        writer.serialize(row(margin, profile))?;
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
pub fn json(tool: Tool<'_>, margins: &[Margin], profile: Profile) -> String {
    let margins = margins.iter().map(|margin| row(margin, profile)).collect();
    let document = Document { schema_version: SCHEMA_VERSION, tool, margins };
    serde_json::to_string_pretty(&document).map(|text| text + "\n").unwrap_or_default()
}

/// One line of JSON for each margin.
pub fn ndjson(tool: Tool<'_>, margins: &[Margin], profile: Profile) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        schema_version: u32,
        tool: Tool<'a>,
        #[serde(flatten)]
        row: Row<'a>,
    }
    let line = |margin| {
        let line = Line { schema_version: SCHEMA_VERSION, tool, row: row(margin, profile) };
        serde_json::to_string(&line).unwrap_or_default() + "\n"
    };
    margins.iter().map(line).collect()
}
