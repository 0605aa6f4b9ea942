//! `interregnum scenario fmt`.

use crate::console::Console;
use crate::failure::{Exit, Failure};
use interregnum_campaign::LoadError;
use interregnum_campaign::load::read_text;
use interregnum_campaign::output::write_whole;
use std::fs;
use std::path::{Path, PathBuf};

/// Rewrites files in the canonical form, or only says which are not in it. Nothing is written where a file is refused.
///
/// # Errors
/// If a file cannot be read, is no TOML, or cannot be written.
pub(crate) fn format(files: &[PathBuf], only_check: bool, console: &Console) -> Result<Exit, Failure> {
    let mut changed = Vec::new();
    let mut mistakes = Vec::new();
    for file in files {
        match canonical(file) {
            Ok(None) => {}
            Ok(Some(text)) => changed.push((file, text)),
            Err(error) => mistakes.push(Failure::load(&error, console.color_err).message),
        }
    }
    if !mistakes.is_empty() {
        return Err(Failure { exit: Exit::Usage, message: mistakes.join("\n") });
    }
    for (file, text) in &changed {
        if !only_check {
            replace(file, text)?;
        }
        let what = if only_check { "not formatted" } else { "formatted" };
        console.data(&format!("{}: {what}\n", file.display()))?;
    }
    Ok(if only_check && !changed.is_empty() { Exit::Unexpected } else { Exit::Fine })
}

/// The file's canonical form; `None` where the file is in it.
fn canonical(file: &Path) -> Result<Option<String>, LoadError> {
    let path = || file.to_owned();
    let text = read_text(file).map_err(|unreadable| LoadError::Unreadable { path: path(), unreadable })?;
    match interregnum_scenario::format(&file.display().to_string(), &text) {
        Ok(canonical) => Ok((canonical != text).then_some(canonical)),
        Err(diagnostics) => Err(LoadError::Invalid { path: path(), text, diagnostics }),
    }
}

/// Writes under a temporary name, so that the file is never half written, and where a link points rather than over it.
fn replace(file: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error| Failure::output(format!("{}: {error}", file.display()));
    let target = fs::canonicalize(file).map_err(failed)?;
    write_whole(&target, text.as_bytes()).map_err(failed)
}
