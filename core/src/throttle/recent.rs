//! A bounded memory that forgets what was noted longest ago.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::mem;

/// Times by key, which is a hash already, in two generations. When the young one has taken its half of the room, or has become so old that
/// nothing before it matters any more, it becomes the old one, and what the old one held is forgotten: no list to keep
/// and nothing to search, however many keys a caller invents.
#[derive(Default)]
pub(crate) struct Recent {
    young: Times,
    old: Times,
    since: u64,
}

/// How much is remembered, and for how long at least unless there is no room.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) entries: usize,
    pub(crate) nanos: u64,
}

impl Recent {
    pub(crate) fn get(&self, key: u64) -> Option<u64> {
        self.young.get(&key).or_else(|| self.old.get(&key)).copied()
    }

    pub(crate) fn note(&mut self, key: u64, time: u64, now: u64, bounds: Bounds) {
        let is_full = self.young.len() >= bounds.entries.div_ceil(2) && !self.young.contains_key(&key);
        if is_full || now.saturating_sub(self.since) >= bounds.nanos {
            self.old = mem::take(&mut self.young);
            self.since = now;
        }
        self.young.insert(key, time);
    }

    pub(crate) fn remove(&mut self, key: u64) -> Option<u64> {
        let old = self.old.remove(&key);
        self.young.remove(&key).or(old)
    }

    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

type Times = HashMap<u64, u64, BuildHasherDefault<AsItIs>>;

/// Nobody outside can aim at the keys, so they need no further hashing.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.0 = self.0.rotate_left(8) ^ u64::from(*octet);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { entries: 10, nanos: 100 };

    #[test]
    fn what_is_noted_again_stays_and_what_was_noted_longest_ago_goes() {
        let mut recent = Recent::default();
        for key in 0..1000 {
            recent.note(key, key, 0, BOUNDS);
            recent.note(7, 7, 0, BOUNDS);
            assert!(recent.len() <= 10);
            assert_eq!(recent.get(key), Some(key));
            assert_eq!(recent.get(7), Some(7));
        }
        assert_eq!(recent.get(990), None);
    }

    #[test]
    fn with_room_nothing_is_forgotten_before_its_time() {
        let mut recent = Recent::default();
        recent.note(1, 1, 0, BOUNDS);
        recent.note(2, 2, 99, BOUNDS);
        recent.note(3, 3, 100, BOUNDS);
        assert_eq!((recent.get(1), recent.get(2), recent.get(3)), (Some(1), Some(2), Some(3)));
        recent.note(3, 4, 198, BOUNDS);
        assert_eq!(recent.get(2), Some(2));
        recent.note(4, 4, 200, BOUNDS);
        assert_eq!((recent.get(1), recent.get(2), recent.get(3)), (None, None, Some(4)));
    }

    #[test]
    fn what_is_removed_does_not_come_back() {
        let mut recent = Recent::default();
        recent.note(1, 1, 0, BOUNDS);
        recent.note(2, 2, 100, BOUNDS);
        recent.note(1, 3, 100, BOUNDS);
        assert_eq!(recent.remove(1), Some(3));
        assert_eq!((recent.get(1), recent.remove(1)), (None, None));
    }
}
