//! How an algorithm declares the bugs that can be planted in it.

/// Declares `Plant`, an algorithm's planted bugs, each a variant to test for where the bug lives, and `BUGS`, the same for
/// the registry. Each is implemented at one place, found by searching for its variant.
macro_rules! plants {
    ($($(#[$doc:meta])* $plant:ident = $id:literal, $summary:literal, breaks $breaks:expr, seen $source:literal;)+) => {
        /// A planted bug.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Plant {
            $($(#[$doc])* $plant,)+
        }

        impl Plant {
            /// The bug of this name.
            pub fn from_id(id: &str) -> Option<Plant> {
                match id {
                    $($id => Some(Plant::$plant),)+
                    _ => None,
                }
            }
        }

        /// The bugs as the registry lists them.
        pub(crate) static BUGS: &[crate::Bug] = &[
            $(crate::Bug { id: $id, summary: $summary, breaks: &$breaks, source: $source },)+
        ];
    };
}

pub(crate) use plants;
