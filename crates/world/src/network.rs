//! The network: one-way links with latency, loss, duplication, reordering and cuts. It carries datagrams.

use crate::latency::Latency;
use crate::rng::Stream;
use crate::setting::{Endpoint, LinkSetting, Setting};
use interregnum_kernel::{GlobalTime, Span};

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
        Route { least, width, cuts: 0, steady, plain: steady }
    }

    fn set_cuts(&mut self, cuts: u16) {
        self.cuts = cuts;
        self.plain = self.steady && cuts == 0;
    }
}

/// All links.
#[derive(Clone, Debug, Default)]
pub struct Network {
    endpoints: usize,
    routes: Vec<Route>,
    settings: Vec<LinkSetting>,
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
            lost_below: vec![0; setting.links.len()],
            any_lost_below: 0,
        }
    }

    /// Opens all links for a new run.
    pub fn reset(&mut self) {
        self.heal();
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

    /// Decides what becomes of a message sent now. Draws the same numbers whether or not the link is cut, so that
    /// dropping a cut from a plan moves nothing else.
    pub fn send(&self, from: Endpoint, to: Endpoint, now: GlobalTime, stream: &mut Stream) -> Fate {
        let link = self.link(from, to);
        let LinkSetting { latency, loss, duplicate, reorder, reorder_delay } = &self.settings[link];
        let arrival = now + latency.sample(stream);
        let lost = !loss.is_never() && loss.covers(stream.bits32());
        let held_back = if !reorder.is_never() && reorder.covers(stream.bits32()) {
            reorder_delay.sample(stream)
        } else {
            Span::ZERO
        };
        let copy = (!duplicate.is_never() && duplicate.covers(stream.bits32()))
            .then(|| now + latency.sample(stream));
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

    /// Adds a cut. Given a sequence number, messages sent under a smaller one are lost even if they are on their way.
    pub fn cut(&mut self, link: usize, drop_below: Option<u64>) {
        let route = &mut self.routes[link];
        route.set_cuts(route.cuts + 1);
        if let Some(sequence) = drop_below {
            self.lost_below[link] = sequence;
            self.any_lost_below = self.any_lost_below.max(sequence);
        }
    }

    /// Takes a cut away.
    pub fn uncut(&mut self, link: usize) {
        let route = &mut self.routes[link];
        route.set_cuts(route.cuts.saturating_sub(1));
    }

    /// Takes all cuts away.
    pub fn heal(&mut self) {
        for route in &mut self.routes {
            route.set_cuts(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;
    use crate::setting::Probability;
    use interregnum_kernel::NodeId;

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
        cut.heal();
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
}
