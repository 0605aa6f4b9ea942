//! The moments of a contender by which faults can be timed. Its lease is over when its connection is lost.

use crate::lease::phases::moments;

moments! { SessionOpened, KeyWritten, Standing, Elected, FirstHeartbeat, LeaseOver, SessionLost, ReleaseSent }
