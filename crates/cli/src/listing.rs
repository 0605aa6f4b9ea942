//! `interregnum list` and `interregnum scenario`.

use crate::args::{List, Listed, PlainFormat, Scenario};
use crate::console::Console;
use crate::failure::{Exit, Failure};
use crate::formatting;
use interregnum_campaign::load::scenario_files;
use interregnum_campaign::{GOALS, Goal, LoadError, Loaded, catalogue, load, load_with};
use interregnum_invariants::INVARIANTS;
use interregnum_registry::{ALGORITHMS, Promise};
use interregnum_report::json::SCHEMA_VERSION;
use interregnum_scenario::{LeverInfo, NemesisInfo, Overrides};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Lists one of the registries.
///
/// # Errors
/// If the scenarios' folder cannot be read.
pub(crate) fn list(args: &List, console: &Console) -> Result<Exit, Failure> {
    let rows = match args.what {
        Listed::Algorithms => algorithms(),
        Listed::Invariants => invariants(),
        Listed::Faults => faults(),
        Listed::Nemesis => nemesis(),
        Listed::Bugs => bugs(),
        Listed::Scenarios => scenarios(&args.scenarios, console)?,
    };
    let text = match args.format {
        PlainFormat::Json => serde_json::to_string_pretty(&rows).unwrap_or_default() + "\n",
        PlainFormat::Human => lines(&rows),
    };
    console.data(&text)?;
    Ok(Exit::Fine)
}

/// A line for each row: its name, and what it is. What an algorithm promises follows, indented.
fn lines(rows: &[Value]) -> String {
    fn text<'a>(row: &'a Value, key: &str) -> &'a str {
        row.get(key).and_then(Value::as_str).unwrap_or_default()
    }
    let width = rows.iter().map(|row| text(row, "name").len()).max().unwrap_or(0);
    let line = |row| {
        let (name, summary) = (text(row, "name"), text(row, "summary"));
        format!("{name:<width$}  {summary}{}\n{}", besides(row), promises(row, width + 2))
    };
    rows.iter().map(line).collect()
}

/// What an algorithm promises, a line for all that it promises under the same faults.
fn promises(row: &Value, indent: usize) -> String {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for promise in row.get("promised").and_then(Value::as_array).into_iter().flatten() {
        let except = words_of(promise, "except").join(", ");
        let name = promise.get("invariant").and_then(Value::as_str).unwrap_or_default();
        match groups.iter_mut().find(|(other, _)| *other == except) {
            Some((_, names)) => names.push(name),
            None => groups.push((except, vec![name])),
        }
    }
    let line = |(except, names): &(String, Vec<&str>)| {
        let unless = if except.is_empty() { String::new() } else { format!(", but not under {except}") };
        format!("{:indent$}promises {}{unless}\n", "", names.join(", "))
    };
    groups.iter().map(line).collect()
}

/// The words of a list in a row.
fn words_of<'a>(row: &'a Value, key: &str) -> Vec<&'a str> {
    row.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What is said in brackets after the summary: the orders that an algorithm follows, the keys that go with a fault, the
/// kind of an invariant.
fn besides(row: &Value) -> String {
    if let Some(kind) = row.get("kind").and_then(Value::as_str) {
        return format!(" [{kind}]");
    }
    if row.get("orders").is_some() {
        let orders = words_of(row, "orders");
        return format!(
            " [orders: {}]",
            if orders.is_empty() { "none".to_owned() } else { orders.join(", ") }
        );
    }
    if row.get("by_default").and_then(Value::as_bool) == Some(false) {
        return " [only where it is named]".to_owned();
    }
    let lasts = row.get("lasts").and_then(Value::as_bool).unwrap_or(false);
    let keys: Vec<&str> = lasts.then_some("for").into_iter().chain(words_of(row, "options")).collect();
    if keys.is_empty() { String::new() } else { format!(" [with: {}]", keys.join(", ")) }
}

fn algorithms() -> Vec<Value> {
    let promise = |promise: &Promise| {
        let except: Vec<&str> = promise.except.iter().map(|class| class.name()).collect();
        json!({"invariant": promise.invariant, "except": except})
    };
    let row = |entry: &interregnum_registry::Entry| {
        let parameters: Vec<Value> =
            entry.parameters.iter().map(|spec| json!({"name": spec.name, "summary": spec.doc})).collect();
        json!({
            "name": entry.name,
            "summary": entry.summary,
            "source": entry.source,
            "promises": entry.promises.iter().map(|promise| promise.invariant).collect::<Vec<_>>(),
            "promised": entry.promises.iter().map(promise).collect::<Vec<_>>(),
            "orders": entry.orders,
            "parameters": parameters,
        })
    };
    ALGORITHMS.iter().map(row).collect()
}

/// The invariants, and the goals that a scenario can ask for under `sometimes`.
fn invariants() -> Vec<Value> {
    let row = |info: &interregnum_invariants::Info| {
        json!({
            "name": info.name,
            "code": info.code,
            "summary": info.summary,
            "kind": info.kind.to_string(),
            "source": info.source,
        })
    };
    let goal = |goal: &Goal| {
        json!({
            "name": goal.info.name,
            "summary": goal.info.summary,
            "kind": "sometimes",
        })
    };
    INVARIANTS.iter().map(row).chain(GOALS.iter().map(goal)).collect()
}

fn faults() -> Vec<Value> {
    let levers = interregnum_scenario::levers();
    let row = |lever: &LeverInfo| {
        json!({
            "name": lever.name,
            "summary": lever.doc,
            "example": lever.example,
            "lasts": lever.lasts,
            "options": lever.options,
        })
    };
    levers.iter().map(row).collect()
}

fn nemesis() -> Vec<Value> {
    let row = |kind: NemesisInfo| {
        json!({
            "name": kind.name,
            "summary": kind.doc,
            "classes": kind.classes,
            "by_default": kind.by_default,
        })
    };
    interregnum_scenario::nemesis_kinds().into_iter().map(row).collect()
}

fn bugs() -> Vec<Value> {
    let of_one = |entry: &'static interregnum_registry::Entry| {
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
    let files = scenario_files(folder).map_err(|error| {
        Failure::usage(format!("{error}; --scenarios DIR names the folder of scenario files"))
    })?;
    let row = |loaded: &Loaded| {
        json!({
            "name": loaded.scenario.name,
            "summary": loaded.scenario.summary,
            "file": loaded.path.display().to_string(),
        })
    };
    Ok(load_all(&files, Overrides::NONE, console)?.iter().map(row).collect())
}

/// Reads files before anything is done with the first, and reports the mistakes of all of them together.
///
/// # Errors
/// If any of them is not a valid scenario.
pub(crate) fn load_all(
    files: &[PathBuf],
    overrides: Overrides,
    console: &Console,
) -> Result<Vec<Loaded>, Failure> {
    let mut loaded = Vec::new();
    let mut mistakes = Vec::new();
    for file in files {
        match load_with(file, overrides) {
            Ok(one) => loaded.push(one),
            Err(error) => mistakes.push(Failure::load(&error, console.color_err).message),
        }
    }
    if mistakes.is_empty() {
        return Ok(loaded);
    }
    if let Some(nodes) = overrides.nodes {
        mistakes.push(format!("note: the size of the cluster comes from --nodes {nodes}\n"));
    }
    Err(refused(&mistakes))
}

/// The mistakes of several files, a blank line between them.
fn refused(mistakes: &[String]) -> Failure {
    Failure { exit: Exit::Usage, message: mistakes.join("\n") }
}

/// Validates scenario files, formats them, or prints their schema.
///
/// # Errors
/// If a file is not valid, or cannot be written.
pub(crate) fn scenario(args: &Scenario, console: &Console) -> Result<Exit, Failure> {
    match args {
        Scenario::Check { files, format } => check(files, *format, console),
        Scenario::Fmt { files, check } => formatting::format(files, *check, console),
        Scenario::Schema => {
            let schema = interregnum_scenario::schema(&catalogue());
            console.data(&(serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"))?;
            Ok(Exit::Fine)
        }
    }
}

fn check(files: &[PathBuf], format: PlainFormat, console: &Console) -> Result<Exit, Failure> {
    if format == PlainFormat::Json {
        return check_for_programs(files, console);
    }
    let mut mistakes = Vec::new();
    for file in files {
        match load(file) {
            Ok(loaded) => {
                let text = &loaded.scenario.text;
                console.chat(&interregnum_scenario::render(&loaded.warnings, text, console.color_err));
                console.data(&format!("{}: valid\n", file.display()))?;
            }
            Err(error) => mistakes.push(Failure::load(&error, console.color_err).message),
        }
    }
    if mistakes.is_empty() { Ok(Exit::Fine) } else { Err(refused(&mistakes)) }
}

/// Validates scenario files and prints every remark as JSON.
fn check_for_programs(files: &[PathBuf], console: &Console) -> Result<Exit, Failure> {
    let mut exit = Exit::Fine;
    let mut verdicts = Vec::new();
    for file in files {
        let (valid, diagnostics) = match load(file) {
            Ok(loaded) => (true, json!(loaded.warnings)),
            Err(LoadError::Invalid { diagnostics, .. }) => (false, json!(diagnostics)),
            Err(unreadable) => (false, json!([{"severity": "error", "message": unreadable.to_string()}])),
        };
        if !valid {
            exit = Exit::Usage;
        }
        verdicts
            .push(json!({"file": file.display().to_string(), "valid": valid, "diagnostics": diagnostics}));
    }
    let document = json!({"schema_version": SCHEMA_VERSION, "files": verdicts});
    console.data(&(serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"))?;
    Ok(exit)
}
