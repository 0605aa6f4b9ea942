//! `cargo run -p interregnum-etcd-example --example etcd_election -- SCENARIO.toml... [--seeds N]`: the application of this package
//! under scenario files. Exit codes as the project's command has them: 0 all that is asked holds, 1 something does not, 2 usage or
//! scenario error, 3 a run panicked or output could not be written.

use std::process::ExitCode;

fn main() -> ExitCode {
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    let code = interregnum_etcd_example::command::run(std::env::args_os(), &mut out, &mut err);
    ExitCode::from(code.unwrap_or(3))
}
