//! What goes to the terminal: data to standard output, chatter and progress to standard error.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal, Write};

/// Where output goes, and whether it may be coloured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    /// Whether data may be coloured.
    pub(crate) color_out: bool,
    /// Whether chatter may be coloured.
    pub(crate) color_err: bool,
}

impl Console {
    /// Colours on terminals only, and never against `NO_COLOR`.
    pub(crate) fn detect() -> Console {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Console {
            color_out: wanted && io::stdout().is_terminal(),
            color_err: wanted && io::stderr().is_terminal(),
        }
    }

    /// Prints data. A reader that has gone away is no failure of ours.
    ///
    /// # Errors
    /// If standard output cannot be written to.
    pub(crate) fn data(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Prints chatter; where nobody can read it there is nobody to tell.
    pub(crate) fn chat(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// A progress bar for so many runs; it hides itself where there is no terminal.
    pub(crate) fn progress(&self, runs: u64) -> ProgressBar {
        if !io::stderr().is_terminal() {
            return ProgressBar::with_draw_target(Some(runs), ProgressDrawTarget::hidden());
        }
        let bar = ProgressBar::new(runs);
        if let Ok(style) =
            ProgressStyle::with_template("{msg:>32} [{bar:30}] {human_pos}/{human_len} runs, {eta} left")
        {
            bar.set_style(style.progress_chars("=> "));
        }
        bar
    }
}
