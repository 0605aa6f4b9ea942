//! The moments of a broker by which faults can be timed. The node of the controller is its key; there is no queue.

use crate::lease::phases::moments;

moments! { SessionOpened, KeyWritten, Standing, Elected, FirstHeartbeat, SessionLost, ReleaseSent }
