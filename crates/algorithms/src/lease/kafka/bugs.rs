//! The bugs that can be planted in the Kafka recipe. Each is implemented at one place, found by searching for its variant.

use crate::planting::plants;

plants! {
    /// The node first, the epoch after it. (The real code of that time raised the epoch in a third step, on condition that it
    /// was still what had been read.)
    EpochAfterNode = "lease-kafka-epoch-after-node",
        "the epoch is read after the node was created, in a second step, though by then another broker may hold both",
        breaks ["election-safety"],
        seen "Kafka until 2.0, KafkaController.onControllerFailover; KAFKA-6082 (2018)";
    /// A broker that finds itself elected does not begin to lead.
    ElectedUnawares = "lease-kafka-elected-unawares",
        "a broker that missed the answer to its election finds itself in office, and takes it that somebody else has been elected",
        breaks ["liveness"],
        seen "KAFKA-13407 (2021)";
    /// The end of the session changes nothing for the controller.
    IgnoresExpiry = "lease-kafka-ignores-expiry",
        "a controller whose session has ended begins another one, and believes that it is still in office",
        breaks ["leader-exclusion"],
        seen "KAFKA-3083 (2016), KAFKA-5642 (2017)";
}
