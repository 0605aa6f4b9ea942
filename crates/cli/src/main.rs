//! The `interregnum` command; see the library beside it.

fn main() -> std::process::ExitCode {
    interregnum_cli::run(std::env::args_os())
}
