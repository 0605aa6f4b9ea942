//! The moments of etcd's election by which faults can be timed.

use crate::lease::phases::moments;

moments! { SessionOpened, KeyWritten, Standing, Elected, FirstHeartbeat, LeaseOver, SessionLost, ReleaseSent }
