//! The moments of lease recipes by which faults can be timed: one word for one moment in all of them. Each recipe names
//! those that it has, in its own order: `moments! { SessionOpened, Standing, Elected, FirstHeartbeat }`.

use crate::phases::phases;

phases! {
    SessionOpened = "session-opened": "A contender has heard that its session is open.",
    KeyWritten = "key-written": "A contender has heard that its own key is written, and with it its place in the queue.",
    Standing = "standing": "A contender takes the seat for free, and has asked for it.",
    Elected = "elected": "A contender has heard that the seat is its own.",
    FirstHeartbeat = "first-heartbeat": "The first renewal of a reign has been sent.",
    LeaseOver = "lease-over": "By its own clock, a contender's lease is over.",
    SessionLost = "session-lost": "A contender has heard that its session is over.",
    ReleaseSent = "release-sent": "A leader has asked the service to take the seat back.",
}

/// Declares the moments that one recipe has, out of those above.
macro_rules! moments {
    ($($variant:ident),+ $(,)?) => {
        /// The moments by which faults can be timed. Some are reached in what several recipes share.
        #[allow(dead_code, reason = "they are declared for their names and their order")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Moment {
            $(
                #[doc = "See [`crate::lease::phases`]."]
                $variant
            ),+
        }

        impl Moment {
            /// Their names, in the order of their declaration.
            pub(crate) const NAMES: &'static [&'static str] =
                &[$($crate::lease::phases::Moment::NAMES[$crate::lease::phases::Moment::$variant as usize]),+];
        }

        impl From<Moment> for interregnum_kernel::Phase {
            fn from(moment: Moment) -> interregnum_kernel::Phase {
                // Numbered as in the list of all: one protocol runs all recipes.
                let place = match moment {
                    $(Moment::$variant => $crate::lease::phases::Moment::$variant),+
                };
                interregnum_kernel::Phase(place as u8)
            }
        }
    };
}

pub(crate) use moments;
