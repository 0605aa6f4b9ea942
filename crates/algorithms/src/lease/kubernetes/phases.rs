//! The moments of the Kubernetes recipe by which faults can be timed.

use crate::phases::phases;

phases! {
    Standing = "standing": "A candidate has found the lease free or run out, and asks to be written into the record.",
    Elected = "elected": "A candidate has heard that it is in the record, and leads.",
    FirstHeartbeat = "first-heartbeat": "The first renewal of a reign has been sent.",
}
