//! The names of the moments by which faults can be timed: the same word for the same moment in every algorithm, so that
//! one scenario can use it for all.

/// Declares the moments of one algorithm: an enum of the listed variants, which is made of the words that scenarios use.
macro_rules! phases {
    ($($variant:ident = $name:literal: $doc:literal),+ $(,)?) => {
        /// The moments by which faults can be timed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Moment {
            $(#[doc = $doc] $variant),+
        }

        impl Moment {
            /// Their names, in the order of their declaration.
            pub(crate) const NAMES: &'static [&'static str] = &[$($name),+];
        }

        impl From<Moment> for interregnum_kernel::Phase {
            fn from(moment: Moment) -> interregnum_kernel::Phase {
                interregnum_kernel::Phase(moment as u8)
            }
        }
    };
}

pub(crate) use phases;
