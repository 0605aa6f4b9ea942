//! The moments of Consul's lock by which faults can be timed.

use crate::lease::phases::moments;

moments! { SessionOpened, Standing, Elected, FirstHeartbeat, LeaseOver, SessionLost, ReleaseSent }
