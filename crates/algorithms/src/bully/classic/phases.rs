//! The moments of the classic form by which faults can be timed.

use crate::phases::phases;

phases! {
    Standing = "standing": "A node holds an election: those above have been asked.",
    Announced = "announced": "The node has declared itself, and those below have been told.",
    Elected = "elected": "It acts as coordinator.",
    FirstHeartbeat = "first-heartbeat": "The first heartbeats of a reign have been sent.",
}
