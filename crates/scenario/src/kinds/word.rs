//! Words of which one is chosen.

use crate::declare::{Item, Kind};
use crate::nearest::{any_of, did_you_mean};
use crate::reader::{Reader, Remark};
use interregnum_kernel::{Connected, Profile, Standing};
use interregnum_world::{ClockChoice, Connections, Happening, InFlight, Unsynced, Wake};
use serde_json::json;

/// Reads one of a few words.
fn word<T: Copy>(reader: &mut Reader<'_>, item: &Item<'_>, words: &str, known: &[(&str, T)]) -> Option<T> {
    let text = reader.text(item, words)?;
    let found = known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    if found.is_none() {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        unknown_word(reader, item, "word", text, &names);
    }
    found
}

/// Reports a word that is none of those known.
pub(crate) fn unknown_word(reader: &mut Reader<'_>, item: &Item<'_>, what: &str, text: &str, known: &[&str]) {
    let shown: String = text.chars().take(60).collect();
    let remark = Remark::error(item.span(), format!("unknown {what} `{shown}`"))
        .expected(any_of(known))
        .maybe_hint(did_you_mean(text, known.iter().copied()));
    reader.report(remark);
}

const PROFILES: [(&str, Profile); 2] = [("matched", Profile::Matched), ("production", Profile::Production)];

/// Whose defaults hold.
pub(crate) const PROFILE: Kind<Profile> = Kind {
    words: "\"matched\" or \"production\"",
    read: |reader, item| word(reader, item, PROFILE.words, &PROFILES),
    schema: |_| json!({ "enum": PROFILES.map(|(name, _)| name) }),
};

const IN_FLIGHT_WORDS: [(&str, InFlight); 2] =
    [(InFlight::Drop.word(), InFlight::Drop), (InFlight::Deliver.word(), InFlight::Deliver)];

/// What happens to messages on their way when a link is cut.
pub(crate) const IN_FLIGHT: Kind<InFlight> = Kind {
    words: "\"drop\" or \"deliver\"",
    read: |reader, item| word(reader, item, IN_FLIGHT.words, &IN_FLIGHT_WORDS),
    schema: |_| json!({ "enum": IN_FLIGHT_WORDS.map(|(name, _)| name) }),
};

const CONNECTED_WORDS: [(&str, Connected); 2] = [("quorum", Connected::Quorum), ("hub", Connected::Hub)];

/// How well a quorum is connected.
pub(crate) const CONNECTED: Kind<Connected> = Kind {
    words: "\"quorum\" or \"hub\"",
    read: |reader, item| word(reader, item, CONNECTED.words, &CONNECTED_WORDS),
    schema: |_| json!({ "enum": CONNECTED_WORDS.map(|(name, _)| name) }),
};

const UNSYNCED_WORDS: [(&str, Unsynced); 3] = [
    (Unsynced::Random.word(), Unsynced::Random),
    (Unsynced::Lost.word(), Unsynced::Lost),
    (Unsynced::Kept.word(), Unsynced::Kept),
];

/// What becomes of writes that are not durable when a node crashes.
pub(crate) const UNSYNCED: Kind<Unsynced> = Kind {
    words: "\"random\", \"lost\" or \"kept\"",
    read: |reader, item| word(reader, item, UNSYNCED.words, &UNSYNCED_WORDS),
    schema: |_| json!({ "enum": UNSYNCED_WORDS.map(|(name, _)| name) }),
};

const CONNECTIONS_WORDS: [(&str, Connections); 2] =
    [(Connections::Silent.word(), Connections::Silent), (Connections::Reset.word(), Connections::Reset)];

/// What the others hear of a crash.
pub(crate) const CONNECTIONS: Kind<Connections> = Kind {
    words: "\"silent\" or \"reset\"",
    read: |reader, item| word(reader, item, CONNECTIONS.words, &CONNECTIONS_WORDS),
    schema: |_| json!({ "enum": CONNECTIONS_WORDS.map(|(name, _)| name) }),
};

const STANDING_WORDS: [(&str, Standing); 3] = [
    (Standing::Voter.word(), Standing::Voter),
    (Standing::Learner.word(), Standing::Learner),
    (Standing::Witness.word(), Standing::Witness),
];

/// As what a node takes part in a cluster.
pub(crate) const STANDING: Kind<Standing> = Kind {
    words: "\"voter\", \"learner\" or \"witness\"",
    read: |reader, item| word(reader, item, STANDING.words, &STANDING_WORDS),
    schema: |_| json!({ "enum": STANDING_WORDS.map(|(name, _)| name) }),
};

const WAKE_WORDS: [(&str, Wake); 3] = [
    (Wake::Random.word(), Wake::Random),
    (Wake::TimersFirst.word(), Wake::TimersFirst),
    (Wake::MessagesFirst.word(), Wake::MessagesFirst),
];

/// In which order a process that goes on meets what came up meanwhile.
pub(crate) const WAKE: Kind<Wake> = Kind {
    words: "\"random\", \"timers-first\" or \"messages-first\"",
    read: |reader, item| word(reader, item, WAKE.words, &WAKE_WORDS),
    schema: |_| json!({ "enum": WAKE_WORDS.map(|(name, _)| name) }),
};

const CLOCK_WORDS: [(&str, ClockChoice); 3] = [
    (ClockChoice::Wall.word(), ClockChoice::Wall),
    (ClockChoice::Mono.word(), ClockChoice::Mono),
    (ClockChoice::Both.word(), ClockChoice::Both),
];

/// Which of a node's clocks.
pub(crate) const CLOCKS: Kind<ClockChoice> = Kind {
    words: "\"wall\", \"mono\" or \"both\"",
    read: |reader, item| word(reader, item, CLOCKS.words, &CLOCK_WORDS),
    schema: |_| json!({ "enum": CLOCK_WORDS.map(|(name, _)| name) }),
};

const ONE_CLOCK_WORDS: [(&str, ClockChoice); 2] = [CLOCK_WORDS[0], CLOCK_WORDS[1]];

/// Which of a node's clocks, where it cannot be both.
pub(crate) const ONE_CLOCK: Kind<ClockChoice> = Kind {
    words: "\"wall\" or \"mono\"",
    read: |reader, item| word(reader, item, ONE_CLOCK.words, &ONE_CLOCK_WORDS),
    schema: |_| json!({ "enum": ONE_CLOCK_WORDS.map(|(name, _)| name) }),
};

/// What a trigger can wait for.
pub(crate) const HAPPENING: Kind<Happening> = Kind {
    words: "an event such as \"write-accepted\"",
    read: |reader, item| {
        let known = Happening::ALL.map(|event| (event.word(), event));
        let text = reader.text(item, HAPPENING.words)?;
        let found = known.iter().find(|(name, _)| *name == text).map(|(_, event)| *event);
        if found.is_none() {
            unknown_word(reader, item, "event", text, &known.map(|(name, _)| name));
        }
        found
    },
    schema: |_| json!({ "enum": Happening::ALL.map(Happening::word) }),
};
