//! What monitors remember with: small ordered maps without allocation in the steady state, and counts set aside.

use interregnum_kernel::{NodeId, Office};
use std::hash::{Hash, Hasher};

/// Something that is only counted or reported, never judged by. It equals any other, so that two monitors that would
/// judge every future alike are equal although one has counted more; `Eq` and `Hash` leave out the same thing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Aside<T>(pub(crate) T);

impl<T> PartialEq for Aside<T> {
    fn eq(&self, _: &Aside<T>) -> bool {
        true
    }
}

impl<T> Eq for Aside<T> {}

impl<T> Hash for Aside<T> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// An ordered map as a sorted vector. Epochs and log positions mostly grow, so a new key mostly belongs at the end,
/// and there it costs a comparison. Storage is kept when the map is emptied.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Memory<K, V>(Vec<(K, V)>);

impl<K, V> Default for Memory<K, V> {
    fn default() -> Memory<K, V> {
        Memory(Vec::new())
    }
}

impl<K: Ord + Copy, V> Memory<K, V> {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
    /// Where the key is, or where it belongs.
    #[inline]
    fn place(&self, key: K) -> Result<usize, usize> {
        match self.0.last() {
            None => Err(0),
            Some((last, _)) if *last < key => Err(self.0.len()),
            Some((last, _)) if *last == key => Ok(self.0.len() - 1),
            Some(_) => self.0.binary_search_by(|(other, _)| other.cmp(&key)),
        }
    }
    /// What is remembered under the key, or else the given value, which from now on is. The flag says: it was new.
    #[inline]
    pub(crate) fn remember(&mut self, key: K, value: V) -> (bool, &mut V) {
        let (new, place) = match self.place(key) {
            Ok(place) => (false, place),
            Err(place) => {
                self.0.insert(place, (key, value));
                (true, place)
            }
        };
        (new, &mut self.0[place].1)
    }
    pub(crate) fn recall(&self, key: K) -> Option<&V> {
        self.place(key).ok().map(|place| &self.0[place].1)
    }
    pub(crate) fn forget(&mut self, key: K) {
        if let Ok(place) = self.place(key) {
            self.0.remove(place);
        }
    }
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K) -> bool) {
        self.0.retain(|(key, _)| keep(key));
    }
    /// Everything from a key on, in order.
    pub(crate) fn from(&self, key: K) -> impl Iterator<Item = &(K, V)> {
        self.0[self.place(key).unwrap_or_else(|place| place)..].iter()
    }
    pub(crate) fn as_slice(&self) -> &[(K, V)] {
        &self.0
    }
    pub(crate) fn last_key(&self) -> Option<K> {
        self.0.last().map(|(key, _)| *key)
    }
}

/// One value per node, in an array. A node beyond those of the setting finds room when it first speaks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PerNode<T>(Vec<T>);

impl<T: Clone + Default> PerNode<T> {
    pub(crate) fn new(nodes: u8) -> PerNode<T> {
        PerNode(vec![T::default(); usize::from(nodes)])
    }
    pub(crate) fn reset(&mut self, nodes: u8) {
        self.0.clear();
        self.0.resize(usize::from(nodes), T::default());
    }
    #[inline]
    pub(crate) fn of(&mut self, node: NodeId) -> &mut T {
        if node.index() >= self.0.len() {
            self.0.resize(node.index() + 1, T::default());
        }
        &mut self.0[node.index()]
    }
    pub(crate) fn as_slice(&self) -> &[T] {
        &self.0
    }
}

/// Whose log is replicated. Where there is a coordination service it is the service's: those that contend have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct LogOwner(Office);

impl LogOwner {
    /// Hears of a node's log, or of an election that will bring one: whether that is the log, and whether the log turns
    /// out to be another than was thought so far.
    pub(crate) fn hear(&mut self, office: Office) -> (bool, bool) {
        let other = office > self.0;
        self.0 = self.0.max(office);
        (office == self.0, other)
    }
}

/// How a sentence names an office. The contested one goes without saying.
pub(crate) fn of_office(office: Office) -> &'static str {
    match office {
        Office::CONTESTED => "",
        Office::SERVICE => " of the service",
        _ => " of another office",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_is_the_same_in_whatever_order_it_was_filled() {
        let (mut rising, mut falling) = (Memory::default(), Memory::default());
        for key in 1..=5 {
            assert!(rising.remember(key, ()).0, "a first mention is new");
            falling.remember(6 - key, ());
        }
        assert_eq!(rising, falling);
        assert!(!rising.remember(3, ()).0, "a second mention is not new");
        assert_eq!(rising.from(4).map(|(key, ())| *key).collect::<Vec<_>>(), [4, 5]);
    }
}
