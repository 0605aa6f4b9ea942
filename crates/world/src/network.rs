//! The network: one-way links with latency, loss, duplication, reordering, cuts, and the damage that faults do to them.
//! It carries datagrams.

use crate::core::Site;
use crate::latency::Latency;
use crate::plan::Damage;
use crate::rng::Stream;
use crate::setting::{Endpoint, LinkSetting, Probability, Setting};
use interregnum_kernel::{GlobalTime, Kind, Span};

/// What the network does with one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives once.
    Arrives(GlobalTime),
    /// It arrives twice; the copy may come first.
    Twice(GlobalTime, GlobalTime),
    /// The link loses it by chance.
    Lost,
    /// The link is cut.
    Cut,
}

/// What every message needs to know of its link; the rest is kept apart, so that all routes fit the fastest cache.
#[derive(Clone, Copy, Debug)]
struct Route {
    /// The shortest latency, and how many different ones there are, where all are equally likely.
    least: Span,
    width: u64,
    /// How many cuts lie on it: it is open only at zero.
    cuts: u16,
    /// Whether faults make it worse than it is.
    harmed: bool,
    /// Whether the setting alone makes it plain.
    steady: bool,
    /// Whether it does nothing to a message but delay it by a uniform draw: the one question asked of most routes.
    plain: bool,
}

impl Route {
    fn new(link: &LinkSetting) -> Route {
        let fickle = !(link.loss.is_never() && link.duplicate.is_never() && link.reorder.is_never());
        let (least, width) = match link.latency {
            Latency::Uniform { min, max } if min < max => (min, (max.0 - min.0).saturating_add(1)),
            // No number is drawn here, or not just one: the latency itself is asked.
            _ => (Span::ZERO, 0),
        };
        let steady = !fickle && width > 0;
        Route { least, width, cuts: 0, harmed: false, steady, plain: steady }
    }

    /// To be called after every change of what lies on it.
    fn judge(&mut self) {
        self.plain = self.steady && self.cuts == 0 && !self.harmed;
    }
}

/// Which kinds of what a link carries a fault concerns: kinds of message, and what has no kind, such as a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kinds(u64);

impl Kinds {
    pub(crate) const ALL: Kinds = Kinds(u64::MAX);
    /// What has no kind. There are [fewer kinds](crate::MAX_KINDS) than would reach it.
    pub(crate) const WITHOUT: Kinds = Kinds(1 << 63);

    pub(crate) fn only(kind: Kind) -> Kinds {
        Kinds(1 << (kind.0 & 31))
    }

    /// The kinds with these names, of those that a protocol has; all there is where none is named.
    pub(crate) fn named(names: &[String], all: &[&str]) -> Kinds {
        if names.is_empty() {
            return Kinds::ALL;
        }
        let named = all.iter().enumerate().filter(|(_, kind)| names.iter().any(|name| name == *kind));
        Kinds(named.fold(0, |kinds, (place, _)| kinds | 1 << place))
    }

    fn meets(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }
}

/// What one fault does to one link.
#[derive(Clone, Copy, Debug)]
struct Harm {
    fault: u32,
    damage: Damage,
    kinds: Kinds,
}

/// All links.
#[derive(Clone, Debug, Default)]
pub struct Network {
    endpoints: usize,
    routes: Vec<Route>,
    settings: Vec<LinkSetting>,
    /// Per link: what faults do to it, in the order in which they came.
    harms: Vec<Vec<Harm>>,
    /// Per link: messages with a smaller sequence number were on their way when a cut dropped them.
    lost_below: Vec<u64>,
    /// The largest of those: most messages need look no further.
    any_lost_below: u64,
}

impl Network {
    /// Builds the links of a setting.
    pub fn new(setting: &Setting) -> Network {
        Network {
            endpoints: usize::from(setting.nodes) + 1,
            routes: setting.links.iter().map(Route::new).collect(),
            settings: setting.links.clone(),
            harms: vec![Vec::new(); setting.links.len()],
            lost_below: vec![0; setting.links.len()],
            any_lost_below: 0,
        }
    }

    /// Opens and mends all links for a new run.
    pub fn reset(&mut self) {
        for (route, harms) in self.routes.iter_mut().zip(&mut self.harms) {
            (route.cuts, route.harmed) = (0, false);
            route.judge();
            harms.clear();
        }
        self.lost_below.fill(0);
        self.any_lost_below = 0;
    }

    /// The place of a link, for [`Network::cut`].
    #[inline]
    pub fn link(&self, from: Endpoint, to: Endpoint) -> usize {
        usize::from(from.0) * self.endpoints + usize::from(to.0)
    }

    /// When a message sent now arrives, if its link is a plain one; the same as [`Network::send`] says of it, found with
    /// one test.
    #[inline(always)]
    pub(crate) fn send_plainly(
        &self,
        from: Endpoint,
        to: Endpoint,
        now: GlobalTime,
        stream: &mut Stream,
    ) -> Option<GlobalTime> {
        let route = &self.routes[self.link(from, to)];
        // The latency is at most the longest of its range, so that the sum of its parts needs no saturation.
        route.plain.then(|| now + Span(route.least.0 + stream.below(route.width)))
    }

    /// Decides what becomes of something sent now, whatever lies on its link. The link's own draws are the sender's
    /// network stream's, and what faults do to the link is drawn from another, so that dropping a fault from a plan
    /// moves none of the link's own.
    #[inline]
    pub(crate) fn carry(
        &self,
        [from, to]: [Endpoint; 2],
        now: GlobalTime,
        kind: Kinds,
        site: &mut Site,
    ) -> Fate {
        let fate = self.send(from, to, now, &mut site.network);
        let link = self.link(from, to);
        if self.routes[link].harmed { self.harm(link, now, kind, fate, &mut site.harm) } else { fate }
    }

    /// What faults make of a fate. Delays add up, each fault draws whether it loses the message, and a copy that several
    /// faults ask for is one copy. Draws the same numbers whether or not the message is lost or cut off otherwise.
    #[inline(never)]
    fn harm(&self, link: usize, now: GlobalTime, kind: Kinds, fate: Fate, stream: &mut Stream) -> Fate {
        let (mut delay, mut copys_delay) = (Span::ZERO, Span::ZERO);
        let (mut lost, mut copied) = (false, false);
        for Harm { damage, .. } in self.harms[link].iter().filter(|harm| harm.kinds.meets(kind)) {
            delay = delay + stream.span(damage.delay.min, damage.delay.max);
            copys_delay = copys_delay + stream.span(damage.delay.min, damage.delay.max);
            lost |= happens(damage.loss, stream);
            if happens(damage.reorder, stream) {
                delay = delay + stream.span(damage.reorder_delay.min, damage.reorder_delay.max);
            }
            copied |= happens(damage.duplicate, stream);
        }
        // The copy travels on its own, and may come first.
        let copy = copied.then(|| now + self.settings[link].latency.sample(stream) + copys_delay);
        match (fate, copy) {
            (Fate::Cut, _) => Fate::Cut,
            (Fate::Lost, _) => Fate::Lost,
            _ if lost => Fate::Lost,
            (Fate::Twice(at, copy), _) => Fate::Twice(at + delay, copy + copys_delay),
            (Fate::Arrives(at), Some(copy)) => Fate::Twice(at + delay, copy),
            (Fate::Arrives(at), None) => Fate::Arrives(at + delay),
        }
    }

    /// How much longer something without a kind travels that is sent again until it arrives, such as the news of a death.
    pub(crate) fn holds_up(&self, from: Endpoint, to: Endpoint, stream: &mut Stream) -> Span {
        let harms = self.harms[self.link(from, to)].iter().filter(|harm| harm.kinds.meets(Kinds::WITHOUT));
        harms.fold(Span::ZERO, |sum, Harm { damage, .. }| {
            sum + stream.span(damage.delay.min, damage.delay.max)
        })
    }

    /// Decides what becomes of a message sent now, but for what faults do to its link besides cutting it. Draws the same
    /// numbers whether or not the link is cut, so that dropping a cut from a plan moves nothing else.
    pub fn send(&self, from: Endpoint, to: Endpoint, now: GlobalTime, stream: &mut Stream) -> Fate {
        let link = self.link(from, to);
        let LinkSetting { latency, loss, duplicate, reorder, reorder_delay } = &self.settings[link];
        let arrival = now + latency.sample(stream);
        let lost = happens(*loss, stream);
        let held_back = if happens(*reorder, stream) { reorder_delay.sample(stream) } else { Span::ZERO };
        let copy = happens(*duplicate, stream).then(|| now + latency.sample(stream));
        if self.routes[link].cuts > 0 {
            return Fate::Cut;
        }
        if lost {
            return Fate::Lost;
        }
        match copy {
            Some(copy) => Fate::Twice(arrival + held_back, copy),
            None => Fate::Arrives(arrival + held_back),
        }
    }

    /// Whether a message with this sequence number was dropped on its way by a cut.
    #[inline]
    pub fn dropped(&self, from: Endpoint, to: Endpoint, sequence: u64) -> bool {
        sequence < self.any_lost_below && sequence < self.lost_below[self.link(from, to)]
    }

    /// Whether messages pass from one endpoint to another.
    pub fn is_open(&self, from: Endpoint, to: Endpoint) -> bool {
        self.routes[self.link(from, to)].cuts == 0
    }

    /// Whether any message has a chance to pass: the link is open, and no fault loses them all.
    pub(crate) fn carries(&self, from: Endpoint, to: Endpoint) -> bool {
        let dead = |harm: &Harm| harm.damage.loss == Probability::ALWAYS && harm.kinds == Kinds::ALL;
        self.is_open(from, to) && !self.harms[self.link(from, to)].iter().any(dead)
    }

    /// Whether messages of every kind have a chance to pass: the link is open, and no fault loses all of some kind.
    pub(crate) fn passes(&self, from: Endpoint, to: Endpoint) -> bool {
        let hopeless = |harm: &Harm| harm.damage.loss == Probability::ALWAYS && harm.kinds != Kinds(0);
        self.is_open(from, to) && !self.harms[self.link(from, to)].iter().any(hopeless)
    }

    /// Adds a cut. Given a sequence number, messages sent under a smaller one are lost even if they are on their way.
    pub fn cut(&mut self, link: usize, drop_below: Option<u64>) {
        let route = &mut self.routes[link];
        route.cuts += 1;
        route.judge();
        if let Some(sequence) = drop_below {
            self.lost_below[link] = sequence;
            self.any_lost_below = self.any_lost_below.max(sequence);
        }
    }

    /// Takes a cut away.
    pub fn uncut(&mut self, link: usize) {
        let route = &mut self.routes[link];
        route.cuts = route.cuts.saturating_sub(1);
        route.judge();
    }

    /// Adds what a fault does to a link from now on. What is on its way is not touched.
    pub(crate) fn degrade(&mut self, link: usize, fault: u32, damage: Damage, kinds: Kinds) {
        self.harms[link].push(Harm { fault, damage, kinds });
        let route = &mut self.routes[link];
        route.harmed = true;
        route.judge();
    }

    /// Takes away what this fault does to a link.
    pub(crate) fn mend(&mut self, link: usize, fault: u32) {
        let harms = &mut self.harms[link];
        harms.retain(|harm| harm.fault != fault);
        let route = &mut self.routes[link];
        route.harmed = !harms.is_empty();
        route.judge();
    }
}

/// Whether something of this probability happens. What never does takes nothing from the stream.
fn happens(probability: Probability, stream: &mut Stream) -> bool {
    !probability.is_never() && probability.covers(stream.bits32())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;
    use interregnum_kernel::{Jitter, NodeId};

    const A: Endpoint = Endpoint(0);
    const B: Endpoint = Endpoint(1);

    fn network(change: impl Fn(&mut LinkSetting)) -> (Network, Stream) {
        let mut link =
            LinkSetting::with_latency(Latency::Uniform { min: Span::millis(1), max: Span::millis(10) });
        change(&mut link);
        let setting = Setting::quiet(2, link, Latency::Constant(Span::ZERO), Span::secs(1));
        (Network::new(&setting), Stream::new(1, Purpose::Network, NodeId(0)))
    }

    #[test]
    fn cuts_stack_and_count_one_direction_only() {
        let (mut network, mut stream) = network(|_| {});
        let link = network.link(A, B);
        network.cut(link, None);
        network.cut(link, None);
        network.uncut(link);
        assert_eq!(network.send(A, B, GlobalTime::ZERO, &mut stream), Fate::Cut, "one cut is left");
        assert!(network.is_open(B, A), "the other direction was never cut");
        network.uncut(link);
        assert!(network.is_open(A, B), "the last cut is gone");
    }

    #[test]
    fn a_cut_drops_what_is_on_its_way_only_if_told_to() {
        let (mut network, _) = network(|_| {});
        let link = network.link(A, B);
        network.cut(link, None);
        assert!(!network.dropped(A, B, 5));
        network.cut(link, Some(6));
        assert!(network.dropped(A, B, 5), "sent before the cut");
        assert!(!network.dropped(A, B, 6), "sent after it, once it was healed");
    }

    #[test]
    fn a_cut_does_not_shift_later_draws() {
        let (mut cut, mut first) = network(|link| link.duplicate = Probability::new(0.5));
        let (open, mut second) = network(|link| link.duplicate = Probability::new(0.5));
        let link = cut.link(A, B);
        cut.cut(link, None);
        for _ in 0..50 {
            cut.send(A, B, GlobalTime::ZERO, &mut first);
            open.send(A, B, GlobalTime::ZERO, &mut second);
        }
        cut.uncut(link);
        let now = GlobalTime(9);
        assert_eq!(cut.send(A, B, now, &mut first), open.send(A, B, now, &mut second));
    }

    #[test]
    fn loss_and_duplication_have_the_rates_they_were_given() {
        let (network, mut stream) = network(|link| {
            link.loss = Probability::new(0.1);
            link.duplicate = Probability::new(0.2);
        });
        let (mut lost, mut twice) = (0, 0);
        for _ in 0..10_000 {
            match network.send(A, B, GlobalTime::ZERO, &mut stream) {
                Fate::Lost => lost += 1,
                Fate::Twice(..) => twice += 1,
                Fate::Arrives(_) | Fate::Cut => {}
            }
        }
        // Four standard deviations of a binomial count.
        assert!((880..=1120).contains(&lost), "{lost} of 10000 lost at 10 %");
        assert!((1645..=1955).contains(&twice), "{twice} of 9000 duplicated at 20 %");
    }

    #[test]
    fn a_message_held_back_arrives_later_by_that_delay() {
        let (network, mut stream) = network(|link| {
            link.latency = Latency::Constant(Span::millis(2));
            link.reorder = Probability::ALWAYS;
            link.reorder_delay = Latency::Constant(Span::millis(30));
        });
        assert_eq!(network.send(A, B, GlobalTime::ZERO, &mut stream), Fate::Arrives(GlobalTime(32_000_000)));
    }

    fn delay(millis: u64) -> Damage {
        Damage { delay: Jitter::exactly(Span::millis(millis)), ..Damage::default() }
    }

    #[test]
    fn what_is_sent_again_until_it_arrives_is_held_up_and_not_lost() {
        let (mut network, mut stream) = network(|_| {});
        let link = network.link(A, B);
        network.degrade(link, 0, Damage { loss: Probability::ALWAYS, ..delay(3) }, Kinds::ALL);
        network.degrade(link, 1, delay(4), Kinds::ALL);
        network.degrade(link, 2, delay(8), Kinds::only(Kind(0)));
        assert_eq!(network.holds_up(A, B, &mut stream), Span::millis(7), "by all that asks for no kind");
        assert_eq!(network.holds_up(B, A, &mut stream), Span::ZERO, "in this direction alone");
    }

    #[test]
    fn damage_is_taken_away_by_the_fault_that_did_it() {
        let (mut network, mut stream) = network(|_| {});
        let link = network.link(A, B);
        let plainly = |network: &Network, stream: &mut _| {
            network.send_plainly(A, B, GlobalTime::ZERO, stream).is_some()
        };
        assert!(plainly(&network, &mut stream), "a link that only delays is plain");
        network.degrade(link, 7, delay(3), Kinds::ALL);
        network.degrade(link, 9, delay(4), Kinds::ALL);
        network.mend(link, 7);
        assert_eq!(network.holds_up(A, B, &mut stream), Span::millis(4), "the other fault's is left");
        assert!(!plainly(&network, &mut stream), "a link that is worse than it was is not");
        network.mend(link, 9);
        assert!(plainly(&network, &mut stream), "mended, it is plain again");
        network.degrade(link, 9, delay(4), Kinds::ALL);
        network.reset();
        assert!(plainly(&network, &mut stream), "and so it is in the next run");
        assert_eq!(network.holds_up(A, B, &mut stream), Span::ZERO, "with nothing left over");
    }

    #[test]
    fn a_write_is_of_no_kind() {
        let names: Vec<String> = (0..crate::MAX_KINDS).map(|kind| kind.to_string()).collect();
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        let every_kind = Kinds::named(&names, &all);
        assert!(every_kind.meets(Kinds::only(Kind(31))), "the last kind is one of them");
        assert!(!every_kind.meets(Kinds::WITHOUT), "and a write is none");
        assert!(Kinds::named(&[], &all).meets(Kinds::WITHOUT), "unless nothing is named");
        assert!(!Kinds::named(&names[3..4], &all[..3]).meets(Kinds::ALL), "what a protocol lacks is nothing");
    }
}
