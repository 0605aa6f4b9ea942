//! The moments of the Chubby recipe by which faults can be timed. At `lease-over` a session is in jeopardy.

use crate::lease::phases::moments;

moments! { SessionOpened, Standing, Elected, FirstHeartbeat, LeaseOver, SessionLost, ReleaseSent }
