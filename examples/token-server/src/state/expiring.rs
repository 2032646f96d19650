//! The entries in the memory of this process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A table whose entries end by themselves. It never drops a live entry: when it is full, it says so.
pub(super) struct Expiring<V> {
    entries: Mutex<Entries<V>>,
    most: usize,
}

struct Entries<V> {
    by_key: HashMap<String, Entry<V>>,
    /// Dead entries are swept when the table has grown to this size, so that a sweep costs little per entry.
    sweep_at: usize,
    /// Unix seconds. A full table is swept once a second at most, however often somebody knocks.
    swept: u64,
}

struct Entry<V> {
    value: V,
    /// Unix seconds; gone from then on.
    expires: u64,
}

/// There is no room for another live entry.
#[derive(Debug)]
pub(super) struct Full;

impl<V: Default> Expiring<V> {
    /// Makes sure that there is an entry with this key, at least until this time.
    pub(super) fn keep(&self, key: String, expires: u64, now: u64) -> Result<(), Full> {
        let mut entries = self.lock();
        if let Some(entry) = entries.by_key.get_mut(&key).filter(|entry| entry.expires > now) {
            entry.expires = entry.expires.max(expires);
            return Ok(());
        }
        entries.insert(key, V::default(), expires, now, self.most).map(|_| ())
    }
}

impl<V> Expiring<V> {
    pub(super) fn new(most: usize) -> Self {
        let entries = Entries { by_key: HashMap::new(), sweep_at: SMALL, swept: 0 };
        Expiring { entries: Mutex::new(entries), most }
    }

    /// False when a live entry has this key.
    pub(super) fn insert(&self, key: String, value: V, expires: u64, now: u64) -> Result<bool, Full> {
        self.lock().insert(key, value, expires, now, self.most)
    }

    /// Looks at a live entry, and may change it, while nobody else can.
    pub(super) fn with<T>(&self, key: &str, now: u64, look: impl FnOnce(&mut V) -> T) -> Option<T> {
        let mut entries = self.lock();
        let entry = entries.by_key.get_mut(key).filter(|entry| entry.expires > now)?;
        Some(look(&mut entry.value))
    }

    /// Removes an entry; of several callers at once one alone gets it.
    pub(super) fn take(&self, key: &str, now: u64) -> Option<V> {
        self.lock().by_key.remove(key).filter(|entry| entry.expires > now).map(|entry| entry.value)
    }

    fn lock(&self) -> MutexGuard<'_, Entries<V>> {
        // No caller's closure leaves an entry half changed, so a panic elsewhere does not spoil the table.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Entries<V> {
    fn insert(&mut self, key: String, value: V, expires: u64, now: u64, most: usize) -> Result<bool, Full> {
        if self.by_key.len() >= self.sweep_at.min(most) && self.swept != now {
            self.swept = now;
            self.by_key.retain(|_, entry| entry.expires > now);
            self.sweep_at = (self.by_key.len() * 2).max(SMALL);
        }
        if self.by_key.get(&key).is_some_and(|entry| entry.expires > now) {
            return Ok(false);
        }
        if self.by_key.len() >= most {
            return Err(Full);
        }
        self.by_key.insert(key, Entry { value, expires });
        Ok(true)
    }
}

const SMALL: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_ends_at_its_time_and_is_taken_once() {
        let table = Expiring::new(10);
        assert!(table.insert("a".into(), 1, 100, 50).unwrap());
        assert!(!table.insert("a".into(), 2, 100, 50).unwrap());
        assert_eq!(table.with("a", 99, |value| *value), Some(1));
        assert_eq!(table.with("a", 100, |value| *value), None);
        assert_eq!(table.take("a", 99), Some(1));
        assert_eq!(table.take("a", 99), None);
    }

    #[test]
    fn a_full_table_refuses_and_makes_room_by_time_alone() {
        let table = Expiring::new(2);
        table.insert("a".into(), (), 100, 0).unwrap();
        table.insert("b".into(), (), 200, 0).unwrap();
        assert!(table.insert("c".into(), (), 300, 99).is_err());
        assert!(table.insert("c".into(), (), 300, 100).is_ok());
        assert!(table.with("b", 100, |_| ()).is_some());
    }
}
