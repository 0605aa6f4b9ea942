//! The fenced resource: what a leader leads FOR. It keeps the highest fencing token that it has seen and refuses writes
//! with a lower one, atomically with the write.

use interregnum_kernel::{FencingToken, Write};

/// The resource's memory. It does not crash.
#[derive(Clone, Copy, Debug)]
pub struct Resource {
    fencing: bool,
    highest: Option<FencingToken>,
}

impl Resource {
    /// A resource that has seen no write. Without `fencing` it takes everything.
    pub fn new(fencing: bool) -> Resource {
        Resource { fencing, highest: None }
    }

    /// Judges a write: true if it is taken. A write without a token cannot be compared, and is taken.
    pub fn offer(&mut self, write: &Write) -> bool {
        let Some(token) = write.token() else { return true };
        if self.fencing && self.highest.is_some_and(|highest| token < highest) {
            return false;
        }
        self.highest = self.highest.max(Some(token));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interregnum_kernel::{Epoch, Incarnation, Leadership, NodeId, Office};

    fn write(token: Option<u64>) -> Write {
        let leadership = Leadership {
            office: Office::CONTESTED,
            epoch: Epoch(token.unwrap_or(1)),
            token: token.map(FencingToken),
        };
        Write { writer: NodeId(0), incarnation: Incarnation::ZERO, leadership, number: 0 }
    }

    #[test]
    fn a_lower_token_is_refused_once_a_higher_one_was_seen() {
        let mut resource = Resource::new(true);
        assert!(resource.offer(&write(Some(2))), "the first write is taken");
        assert!(resource.offer(&write(Some(2))), "so is another of the same leader");
        assert!(resource.offer(&write(Some(3))), "and one of its successor");
        assert!(!resource.offer(&write(Some(2))), "but not the old leader's any more");
        assert!(resource.offer(&write(None)), "what has no token cannot be fenced");
    }

    #[test]
    fn without_fencing_a_stale_write_is_taken() {
        let mut resource = Resource::new(false);
        assert!(resource.offer(&write(Some(3))));
        assert!(resource.offer(&write(Some(2))));
    }
}
