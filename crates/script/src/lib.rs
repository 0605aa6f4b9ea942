//! The golden script runner: it moves a cluster of [`Host`](interregnum_kernel::Host)s command by command, and prints
//! what they do about it.
//!
//! A script is a text that tells a story about an algorithm: an example of its paper, a race, what a planted bug does.
//! Nothing happens that no command says: no timer runs out, no message arrives and no write becomes durable by itself.
//! The runner is one more scheduler of the same hosts that the simulator drives. It draws nothing, so a script always
//! gives the same trace.
//!
//! # Adding scripts to an algorithm
//!
//! 1. Write `scripts/<story>.txt` into the algorithm's folder: comments that say what is played, from which section,
//!    and what to see; then blocks of commands, each followed by a line `---` and a blank line.
//! 2. Add the test, once per algorithm, among its tests:
//!
//!    ```text
//!    #[test]
//!    fn the_scripts_play_as_they_are_written() {
//!        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/raft/scripts");
//!        interregnum_script::run_folder(folder, Raft::ENTRY.parameters, crate::construct::<Raft>);
//!    }
//!    ```
//! 3. Run it with `UPDATE_GOLDENFILES=1`, which writes the traces into the files, and read them. From then on the test
//!    fails where a trace changes, and shows the difference. After an intended change: update again, read the diff.
//!
//! # A script
//!
//! ```text
//! # Two nodes of three elect (paper, section 5.2).
//! cluster nodes=3 pre_vote=false
//! boot
//! ---
//! n1 boots
//!   arms Election 150ms..300ms
//! ...
//!
//! fire n1 Election
//! ---
//! n1 fires Election
//!   role candidate
//!   epoch e1
//!   arms Election 150ms..300ms
//!   writes Write { current_term: e1, voted_for: Some(n1), batch: None }
//!   once durable -> n2 RequestVote { term: e1, last_epoch: e0, last_index: #0, transfer: false }
//! ...
//! ```
//!
//! A line at the margin is an input: what happened to whom. The indented lines are what the node did about it, in order;
//! what went into its disk queue (`writes`, `once durable`) stands last, and what had waited comes again when it leaves.
//!
//! # Commands
//!
//! Nodes are `n1`, `n2`, ...; durations `150ms`, `2s`. What contains other signs than letters, digits, `-`, `.`, `/`, `_`
//! and `@` stands in quotes: `members="1, 2, 3"`.
//!
//! | command | what happens |
//! |---|---|
//! | `cluster nodes=3` | Builds a cluster, in place of the last. Further keys: `service=3` (so many nodes of a coordination service follow), `members="1, 2"` (the others are spares), `profile=production`, `bug=...`, and the algorithm's own parameters, as in a scenario: `election_timeout=150ms..300ms`, `initial_logs="[[1, 1], [1]]"`. |
//! | `boot` | Boots all nodes that never ran, or those named: `boot n1 n2`. |
//! | `fire n1 Election` | Lets an armed timer run out, at one or several nodes: `fire n1 n2 Election`. Whether its time has come by the clocks is not asked: a range of delays has no one time. |
//! | `deliver` | Hands the oldest message in flight to its receiver. `from=n1`, `to=n2`, `kind=RequestVote` choose among them, `skip=1` passes over the first that is chosen; `deliver 2` takes two, `deliver all` all that are in flight now. |
//! | `drop`, `duplicate` | The same choice, but the message is lost, or a copy goes behind all others. |
//! | `fsync n1` | Completes the fsync under way. `fsync n1 1` makes so many writes durable; `fsync` alone completes one fsync of every node that has one under way. |
//! | `crash n1` | Kills the process. Of its writes in the queue none becomes durable, with `keep=1` the oldest, with `keep=all` all. Messages in flight stay in flight. |
//! | `restart n1` | Boots a crashed node from its disk. |
//! | `disconnect n1 n2` | n1 hears that n2's last process died, for algorithms that assume connections; `disconnect n1 n3 n2` tells n1 and n3. |
//! | `cut n1 n2` | Cuts the named nodes off from all others, both ways. `cut from=n1 to=n2` cuts one direction of one link. What is sent over a cut link is lost; what is in flight is not. |
//! | `heal` | Ends all cuts. |
//! | `propose n1 7` | A client asks n1 for command c7. |
//! | `order n1 transfer n2` | The operator's orders: `transfer n2`, `resign`, `add n4 standing=learner`, `remove n4`, `promote n4`. |
//! | `advance 150ms` | Moves both clocks of all nodes, or of those named: `advance 150ms n1`; with `clock=wall` or `clock=mono` one of them, and a wall clock also back: `advance "-2s" clock=wall`. Clocks stand still otherwise. No timer runs out; a lease whose deadline has come is asked about. |
//! | `stabilize` | Until nothing is left: delivers the oldest message; where none is in flight, completes an fsync of the first node that has one. `stabilize n1 n2` takes only what is between these nodes. |
//! | `status` | A line per node, or per named one: role, epoch, what it leads, lease, armed timers, writes that are not durable, log, commit. |
//! | `network` | What is in flight, and what is cut. |
//! | `state n1`, `disk n1` | A node's memory; what is on its disk, and what waits before it. |
//! | `set trace=facts` | How much is printed from here on: `off`; `facts` (roles, epochs, leaderships, leases, votes, commits); `messages` (inputs and messages too); `all` (timers and writes too), which is the default. |
//!
//! Of goldenscript's own signs three are of use: `stabilize [facts]` sets how much one command prints, `(boot)` prints
//! nothing, and `!deliver` must fail, and prints why.
#![forbid(unsafe_code)]

mod arguments;
mod cluster;
mod network;
mod nodes;
mod runner;
mod show;
mod trace;
mod values;

pub use runner::Runner;

use interregnum_kernel::{ParameterSpec, Parameters, Protocol};
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Plays one script with the algorithm that `make` builds, whose parameters are `specs`. With `UPDATE_GOLDENFILES=1` in
/// the environment the trace is written into the file.
///
/// # Panics
/// If the trace is not the one in the file, or a command is wrong, with file and line; a test has nobody to return to.
pub fn run<P: Protocol, E: Display>(
    path: impl AsRef<Path>,
    specs: &[ParameterSpec],
    make: impl Fn(&Parameters) -> Result<P, E>,
) {
    let path = path.as_ref();
    if let Err(error) = goldenscript::run(&mut Runner::new(specs, make), path) {
        panic!("{}: {error}", path.display());
    }
}

/// Plays every `*.txt` of a folder, in order of their names; as [`run`].
///
/// # Panics
/// When all have been played, if one of them fails as in [`run`]; and if there is no script in the folder.
pub fn run_folder<P: Protocol, E: Display>(
    folder: impl AsRef<Path>,
    specs: &[ParameterSpec],
    make: impl Fn(&Parameters) -> Result<P, E>,
) {
    let folder = folder.as_ref();
    let scripts = scripts(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    assert!(!scripts.is_empty(), "{}: there is no script", folder.display());
    // One that fails does not keep the others from being played, and updated.
    let fails = |script: &&PathBuf| catch_unwind(AssertUnwindSafe(|| run(script, specs, &make))).is_err();
    let failed: Vec<String> =
        scripts.iter().filter(fails).map(|script| script.display().to_string()).collect();
    assert!(failed.is_empty(), "{} of {} scripts fail: {}", failed.len(), scripts.len(), failed.join(", "));
}

fn scripts(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut scripts = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "txt") {
            scripts.push(path);
        }
    }
    scripts.sort();
    Ok(scripts)
}
