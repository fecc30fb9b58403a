//! A table that many threads look up by key.
//!
//! What is found is shown to a closure and never handed out: so no lock is held longer than one look,
//! and none across an await. A closure must not look into the same table.

use std::hash::Hash;

use rustc_hash::FxBuildHasher;

#[cfg(not(shuttle))]
use dashmap::DashMap;

/// The table.
#[derive(Debug)]
pub(super) struct Table<K: Eq + Hash, V> {
    #[cfg(not(shuttle))]
    map: DashMap<K, V, FxBuildHasher>,
    #[cfg(shuttle)]
    map: shuttle::sync::RwLock<std::collections::HashMap<K, V, FxBuildHasher>>,
}

#[cfg(not(shuttle))]
impl<K: Eq + Hash + Copy, V> Table<K, V> {
    /// Nothing in it.
    pub(super) fn new() -> Self {
        Self { map: DashMap::with_hasher(FxBuildHasher) }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.map.len()
    }

    /// Is it there?
    pub(super) fn contains(&self, key: K) -> bool {
        self.map.contains_key(&key)
    }

    /// Shows one value.
    pub(super) fn read<R>(&self, key: K, read: impl FnOnce(&V) -> R) -> Option<R> {
        self.map.get(&key).map(|value| read(&value))
    }

    /// Changes one value.
    pub(super) fn change<R>(&self, key: K, change: impl FnOnce(&mut V) -> R) -> Option<R> {
        self.map.get_mut(&key).map(|mut value| change(&mut value))
    }

    /// Puts a value in.
    pub(super) fn insert(&self, key: K, value: V) {
        self.map.insert(key, value);
    }

    /// Takes a value out.
    pub(super) fn remove(&self, key: K) -> Option<V> {
        self.map.remove(&key).map(|(_, value)| value)
    }

    /// Shows every value, in no particular order.
    pub(super) fn each(&self, mut show: impl FnMut(&V)) {
        for entry in &self.map {
            show(entry.value());
        }
    }

    /// Every key, in no particular order.
    pub(super) fn keys(&self) -> Vec<K> {
        self.map.iter().map(|entry| *entry.key()).collect()
    }
}

/// With one lock for all keys: a model sees fewer interleavings of different keys, and all of one key.
#[cfg(shuttle)]
impl<K: Eq + Hash + Copy, V> Table<K, V> {
    pub(super) fn new() -> Self {
        Self { map: shuttle::sync::RwLock::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.map.read().expect(WHOLE).len()
    }

    pub(super) fn contains(&self, key: K) -> bool {
        self.map.read().expect(WHOLE).contains_key(&key)
    }

    pub(super) fn read<R>(&self, key: K, read: impl FnOnce(&V) -> R) -> Option<R> {
        self.map.read().expect(WHOLE).get(&key).map(read)
    }

    pub(super) fn change<R>(&self, key: K, change: impl FnOnce(&mut V) -> R) -> Option<R> {
        self.map.write().expect(WHOLE).get_mut(&key).map(change)
    }

    pub(super) fn insert(&self, key: K, value: V) {
        self.map.write().expect(WHOLE).insert(key, value);
    }

    pub(super) fn remove(&self, key: K) -> Option<V> {
        self.map.write().expect(WHOLE).remove(&key)
    }

    pub(super) fn each(&self, show: impl FnMut(&V)) {
        self.map.read().expect(WHOLE).values().for_each(show);
    }

    pub(super) fn keys(&self) -> Vec<K> {
        self.map.read().expect(WHOLE).keys().copied().collect()
    }
}

#[cfg(shuttle)]
const WHOLE: &str = "a model ends with its first panic";
