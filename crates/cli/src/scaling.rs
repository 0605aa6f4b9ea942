//! What `compare` runs besides: one scenario in clusters of several sizes.

use crate::console::Console;
use crate::sweeping::Plan;
use interregnum_campaign::{Loaded, load_with};
use interregnum_scenario::Overrides;

/// The scenario that is run in clusters of several sizes.
const SCENARIO: &str = "leader-crash";

/// The cluster sizes. Odd, since an even number of voters bears no more losses than one fewer.
const SIZES: [u8; 8] = [3, 5, 7, 9, 13, 17, 25, 33];

/// The most seeds for each size and algorithm: the means and percentiles that are plotted need no more.
pub(crate) const MOST_SEEDS: u64 = 200;

/// The scenario in every size, if it is among those that are compared. What cannot be is skipped with a note.
pub(crate) fn in_all_sizes(scenarios: &[Loaded], plan: &Plan<'_>, console: &Console) -> Vec<Loaded> {
    let Some(loaded) = scenarios.iter().find(|loaded| loaded.scenario.name == SCENARIO) else {
        console.chat(&format!(
            "note: there is no scenario named `{SCENARIO}` in the folder, so nothing is run by cluster size\n"
        ));
        return Vec::new();
    };
    let mut sizes = Vec::new();
    for nodes in SIZES {
        match load_with(&loaded.path, Overrides { nodes: Some(nodes), ..plan.overrides }) {
            Ok(one) => sizes.push(one),
            Err(error) => console.chat(&format!("note: left out at {nodes} nodes: {error}\n")),
        }
    }
    sizes
}
