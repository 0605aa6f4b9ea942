//! A protocol of timers alone: what each one that runs out sets next is written down beforehand.

use interregnum_kernel::{
    Effects, Epoch, Input, Jitter, Kind, Leadership, LocalTime, NodeSet, Now, Process, Protocol, Role, Span,
    TimerName,
};

/// One of four timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Hand(pub(crate) u8);

impl TimerName for Hand {
    const COUNT: usize = 4;
    fn index(self) -> usize {
        usize::from(self.0)
    }
    fn from_index(index: usize) -> Hand {
        Hand(index as u8)
    }
}

/// Which timers are set, and to how many milliseconds; zero disarms.
pub(crate) type Settings = &'static [(u8, u64)];

/// What is set at boot, and when a timer runs out.
#[derive(Clone, Debug)]
pub(crate) struct Clockwork {
    pub(crate) at_boot: Settings,
    pub(crate) after: &'static [(u8, Settings)],
}

/// Which timers ran out, and when by the node's own clock.
pub(crate) type Struck = Vec<(u8, LocalTime)>;

fn set(settings: Settings, out: &mut Effects<Clockwork>) {
    for (hand, millis) in settings {
        if *millis == 0 {
            out.cancel_timer(Hand(*hand));
        } else {
            out.set_timer(Hand(*hand), Jitter::exactly(Span::millis(*millis)));
        }
    }
}

impl Protocol for Clockwork {
    type State = Struck;
    type Message = ();
    type Timer = Hand;
    type Write = ();
    type Disk = ();
    const KINDS: &'static [&'static str] = &["Nothing"];
    fn kind((): &()) -> Kind {
        Kind(0)
    }
    fn label((): &()) -> u64 {
        0
    }
    fn apply((): &mut (), (): &()) {}
    fn timed(&self) -> bool {
        true
    }
    fn boot(&self, _: Process, (): &(), _: Now, out: &mut Effects<Self>) -> Struck {
        set(self.at_boot, out);
        Vec::new()
    }
    fn step(&self, struck: &mut Struck, now: Now, input: Input<Self>, out: &mut Effects<Self>) {
        let Input::Fired(Hand(hand)) = input else { return };
        // What was set is set once: the second time a timer runs out it rests.
        let first = struck.iter().all(|(other, _)| *other != hand);
        struck.push((hand, now.mono));
        for (_, settings) in self.after.iter().filter(|(of, _)| *of == hand && first) {
            set(settings, out);
        }
    }
    fn leadership(&self, _: &Struck, _: Now) -> Option<Leadership> {
        None
    }
    fn role(&self, _: &Struck) -> Role {
        Role::Follower
    }
    fn epoch(&self, _: &Struck) -> Epoch {
        Epoch::ZERO
    }
    fn is_quorum(&self, _: &Struck, _: NodeSet) -> bool {
        false
    }
}
