//! `interregnum list` and `interregnum scenario`.

use crate::args::{List, ListFormat, Listed, Scenario};
use crate::console::Console;
use crate::failure::{Exit, Failure};
use interregnum_algorithms::ALGORITHMS;
use interregnum_campaign::load::scenario_files;
use interregnum_campaign::{catalogue, load};
use interregnum_invariants::INVARIANTS;
use serde_json::{Value, json};
use std::path::Path;

/// Lists one of the registries.
///
/// # Errors
/// If the scenarios' folder cannot be read.
pub(crate) fn list(args: &List, console: &Console) -> Result<Exit, Failure> {
    let rows = match args.what {
        Listed::Algorithms => algorithms(),
        Listed::Invariants => invariants(),
        Listed::Faults => faults(),
        Listed::Bugs => bugs(),
        Listed::Scenarios => scenarios(&args.scenarios, console)?,
    };
    let text = match args.format {
        ListFormat::Json => serde_json::to_string_pretty(&rows).unwrap_or_default() + "\n",
        ListFormat::Human => rows.iter().map(line).collect(),
    };
    console.data(&text).map_err(Failure::output)?;
    Ok(Exit::Fine)
}

/// A row for people: its name, and what it is.
fn line(row: &Value) -> String {
    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
    format!("{:<34} {}\n", text("name"), text("summary"))
}

fn algorithms() -> Vec<Value> {
    let row = |entry: &interregnum_algorithms::Entry| {
        let parameters: Vec<Value> =
            entry.parameters.iter().map(|spec| json!({"name": spec.name, "summary": spec.doc})).collect();
        json!({
            "name": entry.name,
            "summary": entry.summary,
            "source": entry.source,
            "promises": entry.promises,
            "parameters": parameters,
        })
    };
    ALGORITHMS.iter().map(row).collect()
}

fn invariants() -> Vec<Value> {
    let row = |info: &interregnum_invariants::Info| {
        json!({
            "name": info.name,
            "summary": info.summary,
            "kind": info.kind.to_string(),
            "source": info.source,
        })
    };
    INVARIANTS.iter().map(row).collect()
}

fn faults() -> Vec<Value> {
    let levers = interregnum_scenario::levers();
    levers.iter().map(|lever| json!({"name": lever.name, "summary": lever.doc})).collect()
}

fn bugs() -> Vec<Value> {
    let of_one = |entry: &'static interregnum_algorithms::Entry| {
        entry.bugs.iter().map(move |bug| {
            json!({
                "name": bug.id,
                "summary": bug.summary,
                "algorithm": entry.name,
                "breaks": bug.breaks,
                "source": bug.source,
            })
        })
    };
    ALGORITHMS.iter().flat_map(of_one).collect()
}

fn scenarios(folder: &Path, console: &Console) -> Result<Vec<Value>, Failure> {
    let refused = |error| Failure::load(&error, console.color_err);
    let mut rows = Vec::new();
    for file in scenario_files(folder).map_err(refused)? {
        let loaded = load(&file).map_err(refused)?;
        rows.push(json!({
            "name": loaded.scenario.name,
            "summary": loaded.scenario.summary,
            "file": file.display().to_string(),
        }));
    }
    Ok(rows)
}

/// Validates scenario files, or prints their schema.
///
/// # Errors
/// If a file is not valid.
pub(crate) fn scenario(args: &Scenario, console: &Console) -> Result<Exit, Failure> {
    let Scenario::Check { files } = args else {
        let schema = interregnum_scenario::schema(&catalogue());
        let text = serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n";
        console.data(&text).map_err(Failure::output)?;
        return Ok(Exit::Fine);
    };
    let mut mistakes = String::new();
    for file in files {
        match load(file) {
            Ok(loaded) => {
                let text = &loaded.scenario.text;
                console.chat(&interregnum_scenario::render(&loaded.warnings, text, console.color_err));
                console.data(&format!("{}: valid\n", file.display())).map_err(Failure::output)?;
            }
            Err(error) => mistakes += &Failure::load(&error, console.color_err).message,
        }
    }
    if mistakes.is_empty() {
        return Ok(Exit::Fine);
    }
    Err(Failure { exit: Exit::Usage, message: mistakes })
}
