//! A master: one key that is set, extended and deleted, and expires by the wall clock.

use super::bugs::Plant;
use super::message::{Message, Value};
use super::parameters::{FLUSH_INTERVAL, Fsync};
use super::state::{Disk, Key, Master, Timer, Write};
use super::{Out, Redis};
use interregnum_kernel::{Epoch, Fact, Incarnation, Jitter, NodeId, Now, Process, Release, Span, WallTime};

/// The millisecond that a wall clock shows: all that Redis reads of it (server.c, mstime).
fn millisecond(wall: WallTime) -> i64 {
    let nanos = i64::try_from(Span::millis(1).0).unwrap_or(i64::MAX);
    wall.0.div_euclid(nanos)
}

/// A lock at a master, as a session: that of the same value at another master is another one.
fn session(master: NodeId, value: Value) -> u64 {
    let who = u64::from(master.0) << 6 | u64::from(value.node.0);
    who << 52 | u64::from(value.incarnation.0 & 0xf_ffff) << 32 | u64::from(value.attempt)
}

impl Redis {
    /// A master starts with what its disk holds. What a delayed restart waits for is that whoever holds a lock which the
    /// disk does not know has it no longer (documentation, "Performance, crash recovery and fsync").
    pub(super) fn boot_master(&self, process: Process, disk: &Disk, out: &mut Out) -> Master {
        let delayed = process.incarnation != Incarnation::ZERO && self.set.restart_delay > Span::ZERO;
        if delayed {
            out.set_timer(Timer::Serve, Jitter::exactly(self.set.restart_delay));
        }
        Master { node: process.node, data: *disk, serves: !delayed, dirty: false }
    }

    pub(super) fn on_command(
        &self,
        master: &mut Master,
        now: Now,
        from: NodeId,
        message: Message,
        out: &mut Out,
    ) {
        if !master.serves {
            return;
        }
        self.expire(master, now, out);
        match message {
            Message::Set { value, heard } => self.on_set(master, now, from, value, heard, out),
            Message::Extend { value, round, number } => {
                master.data.number = master.data.number.max(number);
                self.on_extend(master, now, from, value, round, out);
            }
            Message::Release { value } => self.on_release(master, value, out),
            Message::Granted { .. }
            | Message::Taken { .. }
            | Message::Extended { .. }
            | Message::Refused { .. } => {}
        }
    }

    /// A key that has expired is deleted when somebody next looks for it (db.c, expireIfNeeded and keyIsExpired).
    fn expire(&self, master: &mut Master, now: Now, out: &mut Out) {
        let millisecond = millisecond(now.wall);
        if let Some(key) = master.data.key.take_if(|key| millisecond > key.expires) {
            out.note_when(Release::AtOnce, Fact::Expired { session: session(master.node, key.value) });
            self.changed(master, out);
        }
    }

    fn on_set(&self, master: &mut Master, now: Now, from: NodeId, value: Value, heard: Epoch, out: &mut Out) {
        master.data.number = master.data.number.max(heard);
        if master.data.key.is_some() {
            return out.send(from, Message::Taken { value, number: master.data.number });
        }
        master.data.number = master.data.number.next();
        let expires = match self.bug {
            // The bug: the expiry is left to a second command, the first extension.
            Some(Plant::ExpiresLater) => i64::MAX,
            _ => self.expiry(now),
        };
        if self.set.fsync != Fsync::Always {
            out.persist(Write::Number(master.data.number));
        }
        let release = self.set_key(master, Key { value, expires }, out);
        out.send_when(release, from, Message::Granted { value, number: master.data.number });
    }

    /// The script that extends: it compares first.
    fn on_extend(
        &self,
        master: &mut Master,
        now: Now,
        from: NodeId,
        value: Value,
        round: u32,
        out: &mut Out,
    ) {
        if master.data.key.is_none_or(|key| key.value != value) {
            return out.send(from, Message::Refused { value, round });
        }
        let release = self.set_key(master, Key { value, expires: self.expiry(now) }, out);
        out.send_when(release, from, Message::Extended { value, round });
    }

    /// The script that releases: it compares first.
    fn on_release(&self, master: &mut Master, value: Value, out: &mut Out) {
        // The bug: a plain DEL.
        let blind = self.bug == Some(Plant::UnlockWithoutCompare);
        if master.data.key.take_if(|key| blind || key.value == value).is_some() {
            self.changed(master, out);
        }
    }

    /// The last millisecond of a key that is set or extended now.
    fn expiry(&self, now: Now) -> i64 {
        let ttl = i64::try_from(self.set.ttl.0 / Span::millis(1).0).unwrap_or(i64::MAX);
        millisecond(now.wall).saturating_add(ttl)
    }

    /// Sets the key, and says when that may be told.
    fn set_key(&self, master: &mut Master, key: Key, out: &mut Out) -> Release {
        master.data.key = Some(key);
        self.changed(master, out);
        let release = match self.set.fsync {
            Fsync::Always => Release::OnceDurable,
            Fsync::No | Fsync::EverySecond => Release::AtOnce,
        };
        let session = session(master.node, key.value);
        out.note_when(release, Fact::Renewed { session, length: self.set.ttl });
        release
    }

    /// Something has changed, and goes to the disk in time.
    fn changed(&self, master: &mut Master, out: &mut Out) {
        match self.set.fsync {
            Fsync::No => {}
            Fsync::Always => out.persist(Write::Data(master.data)),
            Fsync::EverySecond => {
                if !std::mem::replace(&mut master.dirty, true) {
                    out.set_timer(Timer::Flush, Jitter::exactly(FLUSH_INTERVAL));
                }
            }
        }
    }

    pub(super) fn on_flush(&self, master: &mut Master, out: &mut Out) {
        master.dirty = false;
        out.persist(Write::Data(master.data));
    }
}
