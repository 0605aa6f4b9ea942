//! The golden scripts tell the stories; what they cannot show is here.

mod parameters;
mod rules;

use super::Zab;
use crate::Algorithm;

#[test]
fn the_scripts_play_as_they_are_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/zab/scripts");
    interregnum_script::run_folder(folder, Zab::ENTRY.parameters, crate::construct::<Zab>);
}
