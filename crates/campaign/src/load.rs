//! Reading scenario files from disk.

use interregnum_algorithms::ALGORITHMS;
use interregnum_invariants::INVARIANTS;
use interregnum_scenario::{AlgorithmInfo, Catalogue, Diagnostic, Scenario};
use std::fmt;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// No scenario, replay or data file is larger: what is larger was not meant.
pub const SIZE_LIMIT: u64 = 4 << 20;

/// Why an input file could not be used.
#[derive(Debug)]
pub enum LoadError {
    /// It could not be read as text at all.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what would be right.
        problem: String,
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
            LoadError::Unreadable { path, problem } => write!(f, "{}: {problem}", path.display()),
            LoadError::Invalid { path, diagnostics, .. } => {
                write!(f, "{}: {} mistakes in the scenario", path.display(), diagnostics.len())
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
    let algorithms = ALGORITHMS.iter().map(|entry| AlgorithmInfo {
        name: entry.name,
        parameters: entry.parameters,
        bugs: entry.bugs.iter().map(|bug| bug.id).collect(),
    });
    Catalogue {
        algorithms: algorithms.collect(),
        invariants: INVARIANTS.iter().map(|info| info.name).collect(),
    }
}

/// Reads a text file whole.
///
/// # Errors
/// In words, if it is missing, a directory, too large, or not UTF-8.
pub fn read_text(path: &Path) -> Result<String, String> {
    let metadata = fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    })?;
    if metadata.is_dir() {
        return Err("this is a directory; expected a file".to_owned());
    }
    let limit = SIZE_LIMIT >> 20;
    let too_large = || format!("the file is larger than {limit} MiB, which no scenario needs");
    if metadata.len() > SIZE_LIMIT {
        return Err(too_large());
    }
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    // A device or a pipe has no size of its own, so the limit is held while reading too.
    file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(too_large());
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("the file is not UTF-8 text: byte {at}, on line {line}, begins no character")
    })
}

/// Reads and validates a scenario file. Files that it names are looked for beside it.
///
/// # Errors
/// If the file cannot be read, or is not a valid scenario.
pub fn load(path: &Path) -> Result<Loaded, LoadError> {
    let text = read_text(path).map_err(|problem| LoadError::Unreadable { path: path.to_owned(), problem })?;
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    let mut beside = |name: &str| read_text(&folder.join(name));
    match interregnum_scenario::read(&path.display().to_string(), &text, &catalogue(), &mut beside) {
        Ok((scenario, warnings)) => Ok(Loaded { path: path.to_owned(), scenario, warnings }),
        Err(diagnostics) => Err(LoadError::Invalid { path: path.to_owned(), text, diagnostics }),
    }
}

/// The scenario files of a folder, in the order of their names.
///
/// # Errors
/// If the folder cannot be listed.
pub fn scenario_files(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let unreadable = |problem: String| LoadError::Unreadable { path: folder.to_owned(), problem };
    let entries = fs::read_dir(folder).map_err(|error| unreadable(error.to_string()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(error.to_string()))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
