//! madsim's links as the world has them.

use interregnum_kernel::{Observer, Protocol};
use interregnum_world::{Agenda, Endpoint, Recorder, World};
use madsim::net::NetSim;
use madsim::task;

/// Which of madsim's links are clogged, by sender and receiver.
#[derive(Clone, Debug)]
pub struct Links {
    endpoints: u8,
    clogged: Vec<bool>,
}

/// A link that has been cut or opened, one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangedLink {
    /// The sender.
    pub from: Endpoint,
    /// The receiver.
    pub to: Endpoint,
    /// Whether nothing passes any more.
    pub cut: bool,
}

impl Links {
    /// Open links among so many of the world's endpoints, from the first on.
    pub fn open(endpoints: u8) -> Links {
        Links { endpoints, clogged: vec![false; usize::from(endpoints) * usize::from(endpoints)] }
    }

    /// What has become of the world's links since this was asked last.
    pub fn changes<P, A, O, R>(&mut self, world: &World<P, A, O, R>) -> Vec<ChangedLink>
    where
        P: Protocol,
        A: Agenda<P>,
        O: Observer,
        R: Recorder,
    {
        let endpoints = self.endpoints;
        let links =
            (0..endpoints).flat_map(|from| (0..endpoints).map(move |to| (Endpoint(from), Endpoint(to))));
        let mut changed = Vec::new();
        for ((from, to), was) in links.zip(&mut self.clogged) {
            let cut = !world.is_open(from, to);
            if from != to && std::mem::replace(was, cut) != cut {
                changed.push(ChangedLink { from, to, cut });
            }
        }
        changed
    }
}

impl ChangedLink {
    /// Does the same to madsim's link between these nodes. What is on its way arrives all the same.
    pub fn carry_out(self, from: task::NodeId, to: task::NodeId) {
        let net = NetSim::current();
        if self.cut { net.clog_link(from, to) } else { net.unclog_link(from, to) }
    }
}
