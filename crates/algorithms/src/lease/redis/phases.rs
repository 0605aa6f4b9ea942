//! The moments of the Redis lock by which faults can be timed.

use crate::lease::phases::moments;

moments! { Standing, Elected, FirstHeartbeat, LeaseOver, ReleaseSent }
