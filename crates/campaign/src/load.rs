//! Reading scenario files from disk.

use crate::goals::GOALS;
use interregnum_invariants::INVARIANTS;
use interregnum_kernel::ParameterError;
use interregnum_registry::{ALGORITHMS, BuildError, Registered, Visitor};
use interregnum_scenario::{AlgorithmInfo, Catalogue, Diagnostic, Overrides, Scenario, Severity};
use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// No scenario, replay or data file is larger: what is larger was not meant.
pub const SIZE_LIMIT: u64 = 4 << 20;

/// Why a file could not be read as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The line and the column, both counted from 1, where there are any.
    pub at: Option<(usize, usize)>,
    /// What is wrong, and what would be right.
    pub problem: String,
}

impl Unreadable {
    fn whole(problem: impl fmt::Display) -> Unreadable {
        Unreadable { at: None, problem: problem.to_string() }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some((line, column)) => write!(f, "line {line}, column {column}: {}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

/// Why an input file could not be used.
#[derive(Debug)]
pub enum LoadError {
    /// It could not be read as text at all.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        unreadable: Unreadable,
    },
    /// It was read and is not a valid scenario.
    Invalid {
        /// The file.
        path: PathBuf,
        /// Its text.
        text: String,
        /// Everything that is wrong with it.
        diagnostics: Vec<Diagnostic>,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Unreadable { path, unreadable } => match unreadable.at {
                Some((line, column)) => {
                    write!(f, "{}:{line}:{column}: {}", path.display(), unreadable.problem)
                }
                None => write!(f, "{}: {}", path.display(), unreadable.problem),
            },
            LoadError::Invalid { path, diagnostics, .. } => {
                write!(f, "{}: the scenario is not valid; remarks: {}", path.display(), diagnostics.len())
            }
        }
    }
}

impl std::error::Error for LoadError {}

/// A scenario and what its reader had to remark.
#[derive(Debug)]
pub struct Loaded {
    /// The file.
    pub path: PathBuf,
    /// What it means.
    pub scenario: Scenario,
    /// Remarks that do not stand in the way.
    pub warnings: Vec<Diagnostic>,
}

/// What scenario files may name: the registries.
pub fn catalogue() -> Catalogue {
    let info = |entry: &interregnum_registry::Entry| {
        let vocabulary = interregnum_registry::vocabulary(entry.name)?;
        Some(AlgorithmInfo {
            name: entry.name,
            parameters: entry.parameters,
            bugs: entry.bugs.iter().map(|bug| bug.id).collect(),
            service: entry.service,
            orders: entry.orders,
            kinds: vocabulary.kinds,
            phases: vocabulary.phases,
        })
    };
    let algorithms = ALGORITHMS.iter().filter_map(info);
    Catalogue {
        algorithms: algorithms.collect(),
        absent: interregnum_registry::ABSENT.to_vec(),
        invariants: INVARIANTS.iter().map(|info| info.name).collect(),
        goals: GOALS.iter().map(|goal| goal.info).collect(),
    }
}

/// Reads a text file whole.
///
/// # Errors
/// If it is missing, a directory, too large, or not UTF-8.
pub fn read_text(path: &Path) -> Result<String, Unreadable> {
    let metadata = fs::metadata(path).map_err(|error| missing(&error, "file"))?;
    if metadata.is_dir() {
        return Err(Unreadable::whole("this is a folder; expected a file"));
    }
    if metadata.len() > SIZE_LIMIT {
        return Err(too_large());
    }
    let file = fs::File::open(path).map_err(Unreadable::whole)?;
    let mut bytes = Vec::new();
    // A device or a pipe has no size of its own, so the limit is held while reading too.
    file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(Unreadable::whole)?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(too_large());
    }
    String::from_utf8(bytes).map_err(|error| {
        let byte = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..byte]);
        Unreadable { at: Some(position(&before, byte)), problem: "this is not UTF-8 text".to_owned() }
    })
}

fn missing(error: &io::Error, what: &str) -> Unreadable {
    match error.kind() {
        io::ErrorKind::NotFound => Unreadable::whole(format!("there is no such {what}")),
        io::ErrorKind::NotADirectory => Unreadable::whole(format!("this is no {what}")),
        _ => Unreadable::whole(error),
    }
}

fn too_large() -> Unreadable {
    Unreadable::whole(format!("the file is larger than {} MiB, the most that is read", SIZE_LIMIT >> 20))
}

/// The line and the column, both counted from 1, of a byte of a text.
pub(crate) fn position(text: &str, byte: usize) -> (usize, usize) {
    let before: String = text.char_indices().take_while(|(at, _)| *at < byte).map(|(_, c)| c).collect();
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (before.matches('\n').count() + 1, column)
}

/// Reads and validates a scenario file. Files that it names are looked for beside it.
///
/// # Errors
/// If the file cannot be read, or is not a valid scenario.
pub fn load(path: &Path) -> Result<Loaded, LoadError> {
    load_with(path, Overrides::NONE)
}

/// Reads and validates a scenario file for another profile or cluster size than it has itself.
///
/// # Errors
/// If the file cannot be read, or is not a valid scenario for these.
pub fn load_with(path: &Path, overrides: Overrides) -> Result<Loaded, LoadError> {
    let unreadable = |unreadable| LoadError::Unreadable { path: path.to_owned(), unreadable };
    let text = read_text(path).map_err(unreadable)?;
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    let mut beside = |name: &str| read_text(&folder.join(name)).map_err(|error| error.to_string());
    let file = path.display().to_string();
    match interregnum_scenario::read_with(&file, &text, &catalogue(), &mut beside, overrides) {
        Ok((scenario, mut warnings)) => match refusals(&scenario, &file) {
            refused if refused.is_empty() => {
                warnings.extend(remarks(&scenario, &file));
                Ok(Loaded { path: path.to_owned(), scenario, warnings })
            }
            diagnostics => Err(LoadError::Invalid { path: path.to_owned(), text, diagnostics }),
        },
        Err(diagnostics) => Err(LoadError::Invalid { path: path.to_owned(), text, diagnostics }),
    }
}

/// What the algorithms that a scenario is meant for have against their parameters.
fn refusals(scenario: &Scenario, file: &str) -> Vec<Diagnostic> {
    let meant = ALGORITHMS.iter().filter(|entry| scenario.is_for(entry.name));
    let built = meant.map(|entry| {
        let parameters = scenario.parameters_for(entry.name);
        (entry.name, interregnum_registry::build(entry.name, &parameters, Nothing))
    });
    let refused = built.filter_map(|(name, built)| Some((name, built.err()?)));
    let place = |name, error: BuildError| {
        let parameter = match &error {
            BuildError::Parameter { error, .. } => error.parameter,
            _ => "",
        };
        diagnostic(&scenario.text, file, name, parameter, Severity::Error, error.to_string())
    };
    refused.map(|(name, error)| place(name, error)).collect()
}

/// What they accept and still find odd: what several find is remarked once, with all their names.
fn remarks(scenario: &Scenario, file: &str) -> Vec<Diagnostic> {
    let mut found: Vec<(ParameterError, Vec<&str>)> = Vec::new();
    for entry in ALGORITHMS.iter().filter(|entry| scenario.is_for(entry.name)) {
        for odd in interregnum_registry::warnings(entry.name, &scenario.parameters_for(entry.name)) {
            match found.iter_mut().find(|(known, _)| *known == odd) {
                Some((_, names)) => names.push(entry.name),
                None => found.push((odd, vec![entry.name])),
            }
        }
    }
    let place = |(odd, names): (ParameterError, Vec<&str>)| {
        let message = format!("{}: {odd}", names.join(", "));
        diagnostic(&scenario.text, file, names[0], odd.parameter, Severity::Warning, message)
    };
    found.into_iter().map(place).collect()
}

/// Builds an algorithm only to see whether it can be built.
struct Nothing;

impl Visitor for Nothing {
    type Output = ();
    fn visit<P: Registered>(self, _: P) {}
}

/// The keys of the cluster that algorithms have a word on, the one to blame first.
const OF_THE_CLUSTER: [&str; 2] = ["members", "nodes"];

/// A remark at the place of the parameter that is to blame: its key in the table where it stands, or else the table.
fn diagnostic(
    text: &str,
    file: &str,
    algorithm: &str,
    parameter: &str,
    severity: Severity,
    message: String,
) -> Diagnostic {
    let (table, keys) = if OF_THE_CLUSTER.contains(&parameter) {
        ("[cluster]".to_owned(), OF_THE_CLUSTER.to_vec())
    } else {
        (format!("[parameters.{algorithm}]"), vec![parameter])
    };
    let header = text.find(&table).unwrap_or(0);
    let place = keys.iter().find_map(|key| key_in_table(&text[header..], key));
    let line_at = |at: usize| text[at..].lines().next().unwrap_or_default().trim_end();
    let at = place.map_or(header, |offset| header + offset);
    let found = line_at(at);
    let (line, column) = position(text, at);
    Diagnostic {
        severity,
        message,
        file: file.to_owned(),
        line,
        column,
        span: at..at + found.len(),
        found: found.to_owned(),
        expected: String::new(),
        hint: None,
    }
}

/// Where the line of a key begins in a text that begins with its table's header.
fn key_in_table(text: &str, key: &str) -> Option<usize> {
    let mut at = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if index > 0 && line.starts_with('[') {
            return None;
        }
        let after = line.trim_start().strip_prefix(key).filter(|_| !key.is_empty());
        if after.is_some_and(|after| after.trim_start().starts_with('=')) {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// The scenario files of a folder, in the order of their names.
///
/// # Errors
/// If the folder cannot be listed.
pub fn scenario_files(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let unreadable = |error: io::Error| LoadError::Unreadable {
        path: folder.to_owned(),
        unreadable: missing(&error, "folder"),
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
