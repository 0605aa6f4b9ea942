//! The macro behind the registry: from one line per monitor to the suite that holds them all.

/// Declares the modules, the list of properties, the violations' details and the suite, from `file::Monitor` lines.
/// Each file offers its monitor and a type `Breach`: what its violation consists of, rendered by `Display`.
macro_rules! registry {
    ($($module:ident :: $monitor:ident),+ $(,)?) => {
        $(pub mod $module;)+

        /// The monitors' places: in the registry, and as bits of a selection.
        enum Place { $($monitor),+ }

        /// Every property, in the registry's order.
        pub const INVARIANTS: &[Info] = &[$(<$module::$monitor as Monitor>::INFO),+];

        /// What a violation consists of. Typed, and put into words only when someone reads it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Detail {
            $(
                #[doc = concat!("A violation found by [`", stringify!($module), "::", stringify!($monitor), "`].")]
                $monitor($module::Breach),
            )+
        }

        $(
            impl From<$module::Breach> for Detail {
                fn from(breach: $module::Breach) -> Detail {
                    Detail::$monitor(breach)
                }
            }
        )+

        impl ::std::fmt::Display for Detail {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self {
                    $(Detail::$monitor(breach) => ::std::fmt::Display::fmt(breach, f),)+
                }
            }
        }

        /// All monitors, side by side. A monitor that is switched off hears nothing and is in no verdict.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct Suite {
            selection: Selection,
            /// Follows from the selection and the setting; kept, since engines ask for it often.
            interest: Interest,
            $($module: $module::$monitor,)+
        }

        impl Suite {
            /// All monitors, switched on, having heard nothing.
            pub fn new(setting: &Setting) -> Suite {
                let mut suite = Suite {
                    selection: Selection::ALL,
                    interest: Interest::NONE,
                    $($module: Monitor::new(setting),)+
                };
                suite.select(Selection::ALL);
                suite
            }
            /// Forgets the run: equal to a new suite with the same selection. Keeps the storage.
            pub fn reset(&mut self, setting: &Setting) {
                $(self.$module.reset(setting);)+
                self.select(self.selection);
            }
            /// Switches exactly these monitors on. Meant for a suite that has heard nothing yet: a monitor that is
            /// switched on late does not know the past.
            pub fn select(&mut self, selection: Selection) {
                self.selection = selection;
                self.interest = Interest::NONE;
                $(
                    if selection.has(Place::$monitor as usize) {
                        self.interest = self.interest.and(self.$module.interest());
                    }
                )+
            }
            /// What each monitor that is switched on has found so far, in the registry's order.
            pub fn verdicts(&self) -> impl Iterator<Item = (Info, &Report)> {
                let selection = self.selection;
                [$((Place::$monitor as usize, <$module::$monitor as Monitor>::INFO, self.$module.report())),+]
                    .into_iter()
                    .filter(move |(place, ..)| selection.has(*place))
                    .map(|(_, info, report)| (info, report))
            }
            $(
                #[doc = concat!("The monitor [`", stringify!($module), "`].")]
                pub fn $module(&self) -> &$module::$monitor {
                    &self.$module
                }
            )+
        }

        impl interregnum_kernel::Observer for Suite {
            #[inline]
            fn interest(&self) -> Interest {
                self.interest
            }
            #[inline]
            fn observe(&mut self, observation: &Observation) {
                let kind = observation.what.interest();
                $(
                    if <$module::$monitor as Monitor>::INTEREST.meets(kind)
                        && self.selection.has(Place::$monitor as usize)
                    {
                        self.$module.observe(observation);
                    }
                )+
            }
        }

        /// Runs a check on every monitor type, so that generic tests find new monitors by themselves.
        #[cfg(test)]
        pub(crate) fn for_every_monitor(check: &mut impl tests::Check) {
            $(check.check::<$module::$monitor>();)+
        }
    };
}

pub(crate) use registry;
