//! The moments of Kubernetes' election by which faults can be timed.

use crate::lease::phases::moments;

moments! { Standing, Elected, FirstHeartbeat, LeaseOver }
