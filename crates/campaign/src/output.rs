//! Writing files whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Creates a folder and those above it.
///
/// # Errors
/// If that is not possible; the message names the folder.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder).map_err(|error| named(folder, &error))
}

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
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    temporary: PathBuf,
    writer: Option<io::BufWriter<fs::File>>,
}

impl Draft {
    /// Begins a file.
    ///
    /// # Errors
    /// If it cannot be created; the message names it.
    pub fn create(path: &Path) -> io::Result<Draft> {
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = path.with_file_name(name);
        let file = fs::File::create(&temporary).map_err(|error| named(path, &error))?;
        Ok(Draft { path: path.to_owned(), temporary, writer: Some(io::BufWriter::new(file)) })
    }

    /// Finishes the file and moves it to its place.
    ///
    /// # Errors
    /// If that is not possible; the message names the file.
    pub fn keep(mut self) -> io::Result<()> {
        if let Some(mut writer) = self.writer.take() {
            writer.flush().map_err(|error| named(&self.path, &error))?;
        }
        fs::rename(&self.temporary, &self.path).map_err(|error| named(&self.path, &error))
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let writer = self.writer.as_mut().ok_or_else(|| io::Error::other("the file is finished"))?;
        writer.write(bytes).map_err(|error| named(&self.path, &error))
    }
    fn flush(&mut self) -> io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.writer.take();
        // Gone already if the file was kept; and if it cannot be removed there is nobody left to tell.
        let _ = fs::remove_file(&self.temporary);
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
