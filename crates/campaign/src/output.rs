//! Writing files whole or not at all.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file under a temporary name beside its place and moves it there, so that nobody ever sees half of it.
///
/// # Errors
/// If it cannot be written; the message names the file, and nothing is left behind.
pub fn write_whole(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut draft = Draft::create(path)?;
    draft.write_all(contents)?;
    draft.keep()
}

/// A file that is being written. Dropped before [`Draft::keep`], it vanishes.
///
/// Only plain files are replaced. Moving a file over a device, a pipe or a link would destroy it, and whoever names
/// `/dev/stdout` wants what is behind it: these are written in place.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    /// Where it is written until it is kept; `None` if it is written in place.
    temporary: Option<PathBuf>,
    writer: Option<io::BufWriter<fs::File>>,
}

impl Draft {
    /// Begins a file.
    ///
    /// # Errors
    /// If it cannot be created; the message names it.
    pub fn create(path: &Path) -> io::Result<Draft> {
        if path.is_dir() {
            let error = io::Error::new(io::ErrorKind::IsADirectory, "this is a folder; expected a file");
            return Err(named(path, &error));
        }
        let in_place = fs::symlink_metadata(path).is_ok_and(|there| !there.is_file());
        let temporary = if in_place { None } else { Some(temporary_beside(path)) };
        let file =
            fs::File::create(temporary.as_deref().unwrap_or(path)).map_err(|error| named(path, &error))?;
        Ok(Draft { path: path.to_owned(), temporary, writer: Some(io::BufWriter::new(file)) })
    }

    /// Finishes the file and moves it to its place.
    ///
    /// # Errors
    /// If that is not possible; the message names the file.
    pub fn keep(mut self) -> io::Result<()> {
        self.flush()?;
        // Closed before it is moved, which some systems ask for.
        self.writer.take();
        match &self.temporary {
            Some(temporary) => {
                fs::rename(temporary, &self.path).map_err(|error| named(&self.path, &error))?
            }
            None => return Ok(()),
        }
        self.temporary = None;
        Ok(())
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let writer = self.writer.as_mut().ok_or_else(|| io::Error::other("the file is finished"))?;
        writer.write(bytes).map_err(|error| named(&self.path, &error))
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.writer.as_mut().map_or(Ok(()), Write::flush);
        flushed.map_err(|error| named(&self.path, &error))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What is still in memory is not wanted any more: the file goes away, or is a device that refused it.
        if let Some(writer) = self.writer.take() {
            drop(writer.into_parts());
        }
        if let Some(temporary) = &self.temporary {
            // If it cannot be removed there is nobody left to tell.
            let _ = fs::remove_file(temporary);
        }
    }
}

fn temporary_beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

/// The files that one command leaves in a folder. They appear together in [`Batch::publish`]; dropped before that, the
/// batch leaves the folder as it was, or no folder where there was none.
#[derive(Debug)]
pub struct Batch {
    folder: PathBuf,
    /// Folders that did not exist before, the outermost first.
    made: Vec<PathBuf>,
    drafts: Vec<Draft>,
}

impl Batch {
    /// Begins in a folder, which is created if need be, with those above it.
    ///
    /// # Errors
    /// If that is not possible; the message names the folder.
    pub fn create(folder: &Path) -> io::Result<Batch> {
        let mut batch = Batch { folder: folder.to_owned(), made: Vec::new(), drafts: Vec::new() };
        batch.make(folder)?;
        Ok(batch)
    }

    /// Begins a file of the folder, for [`Batch::add`] when it is written.
    ///
    /// # Errors
    /// If it cannot be created; the message names it.
    pub fn begin(&self, name: &str) -> io::Result<Draft> {
        Draft::create(&self.folder.join(name))
    }

    /// Takes in a file that is written.
    pub fn add(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    /// Writes a file of the folder, or of a folder in it. Gives its path.
    ///
    /// # Errors
    /// If it cannot be written; the message names it.
    pub fn write(&mut self, name: &str, contents: &[u8]) -> io::Result<PathBuf> {
        let path = self.folder.join(name);
        if let Some(parent) = path.parent() {
            self.make(parent)?;
        }
        let mut draft = Draft::create(&path)?;
        draft.write_all(contents)?;
        draft.flush()?;
        self.drafts.push(draft);
        Ok(path)
    }

    /// Moves all files to their places. Files that an earlier command left and this one does not replace are `stale`
    /// and removed: old plots beside new tables would lie.
    ///
    /// # Errors
    /// If that is not possible; the message names the file, and those that were already in their places are removed.
    pub fn publish(mut self, stale: &[PathBuf]) -> io::Result<()> {
        for path in stale {
            fs::remove_file(path).map_err(|error| named(path, &error))?;
        }
        let mut published = Vec::new();
        for draft in std::mem::take(&mut self.drafts) {
            let path = draft.path.clone();
            if let Err(error) = draft.keep() {
                for path in &published {
                    let _ = fs::remove_file(path);
                }
                return Err(error);
            }
            published.push(path);
        }
        self.made.clear();
        Ok(())
    }

    fn make(&mut self, folder: &Path) -> io::Result<()> {
        let missing: Vec<&Path> = folder
            .ancestors()
            .take_while(|above| !above.as_os_str().is_empty() && fs::symlink_metadata(above).is_err())
            .collect();
        for folder in missing.into_iter().rev() {
            fs::create_dir(folder).map_err(|error| no_folder(folder, &error))?;
            self.made.push(folder.to_owned());
        }
        if folder.as_os_str().is_empty() || folder.is_dir() {
            return Ok(());
        }
        Err(no_folder(folder, &io::Error::new(io::ErrorKind::NotADirectory, "a file is in its place")))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.drafts.clear();
        for folder in self.made.iter().rev() {
            // Somebody else may have put something there meanwhile; then it stays.
            let _ = fs::remove_dir(folder);
        }
    }
}

fn no_folder(folder: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: the folder cannot be made: {error}", folder.display()))
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
