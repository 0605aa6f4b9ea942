//! The moments of the Chubby recipe by which faults can be timed.

use crate::phases::phases;

phases! {
    Standing = "standing": "A contender has asked for the lock, which it takes for free.",
    Elected = "elected": "A contender has the lock, and its session is safe.",
    FirstHeartbeat = "first-heartbeat": "The first KeepAlive of a reign has been answered.",
    Jeopardy = "jeopardy": "A contender's local lease is over: it does not know whether its session goes on.",
}
