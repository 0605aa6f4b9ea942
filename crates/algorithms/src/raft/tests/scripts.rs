//! The golden scripts: the paper's own examples, command by command.

use super::Raft;
use crate::Algorithm;

#[test]
fn the_scripts_play_as_they_are_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/raft/scripts");
    interregnum_script::run_folder(folder, Raft::ENTRY.parameters, crate::construct::<Raft>);
}
