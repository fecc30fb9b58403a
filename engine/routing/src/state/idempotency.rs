//! Answers of idempotent commands: 24 hours, bounded in all and per credential, oldest out first.

use crate::Micros;
use crate::event::Answered;
use crate::input::Idempotency;
use crate::settings::Settings;
use rkyv::{Archive, Deserialize, Serialize};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, VecDeque};

/// A remembered answer.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub(crate) struct Remembered {
    pub(crate) at: Micros,
    pub(crate) credential: u64,
    pub(crate) key: u128,
    pub(crate) digest: u128,
    pub(crate) answer: Vec<u8>,
}

/// Remembered answers by key and by age.
#[derive(Debug)]
pub(crate) struct Idempotencies {
    by_age: BTreeMap<u64, Remembered>,
    by_key: FxHashMap<(u64, u128), u64>,
    /// Ages of each credential's answers, oldest first.
    by_credential: FxHashMap<u64, VecDeque<u64>>,
    next: u64,
    most: usize,
    most_per_credential: usize,
    kept_us: Micros,
}

impl Idempotencies {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            by_age: BTreeMap::new(),
            by_key: FxHashMap::default(),
            by_credential: FxHashMap::default(),
            next: 0,
            most: settings.idempotency_keys,
            most_per_credential: settings.idempotency_keys_per_credential,
            kept_us: settings.idempotency_us,
        }
    }

    pub(crate) fn restore(settings: &Settings, answers: Vec<Remembered>) -> Self {
        let mut restored = Self::new(settings);
        for answer in answers {
            restored.insert(answer);
        }
        restored
    }

    pub(crate) fn find(&self, now: Micros, idempotency: &Idempotency) -> Option<&Remembered> {
        let age = self.by_key.get(&(idempotency.credential, idempotency.key))?;
        let remembered = &self.by_age[age];
        (remembered.at.saturating_add(self.kept_us) > now).then_some(remembered)
    }

    pub(crate) fn remember(&mut self, now: Micros, event: &Answered) {
        while let Some((_, oldest)) = self.by_age.first_key_value()
            && (oldest.at.saturating_add(self.kept_us) <= now || self.by_age.len() >= self.most)
        {
            let credential = oldest.credential;
            self.forget_oldest_of(credential);
        }
        let of_credential = self.by_credential.get(&event.credential).map_or(0, VecDeque::len);
        if of_credential >= self.most_per_credential {
            self.forget_oldest_of(event.credential);
        }
        self.insert(Remembered {
            at: now,
            credential: event.credential,
            key: event.key,
            digest: event.digest,
            answer: event.answer.clone(),
        });
    }

    /// Oldest first.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = &Remembered> {
        self.by_age.values()
    }

    fn insert(&mut self, remembered: Remembered) {
        let key = (remembered.credential, remembered.key);
        let age = self.next;
        self.next += 1;
        self.by_credential.entry(remembered.credential).or_default().push_back(age);
        self.by_age.insert(age, remembered);
        self.by_key.insert(key, age);
    }

    /// The oldest of all is also the oldest of its credential.
    fn forget_oldest_of(&mut self, credential: u64) {
        let Some(ages) = self.by_credential.get_mut(&credential) else { return };
        let Some(age) = ages.pop_front() else { return };
        if ages.is_empty() {
            self.by_credential.remove(&credential);
        }
        if let Some(forgotten) = self.by_age.remove(&age)
            && self.by_key.get(&(credential, forgotten.key)) == Some(&age)
        {
            self.by_key.remove(&(credential, forgotten.key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(credential: u64, key: u128) -> Answered {
        Answered { credential, key, digest: 1, answer: vec![1] }
    }

    fn asked(credential: u64, key: u128) -> Idempotency {
        Idempotency { credential, key, digest: 1 }
    }

    #[test]
    fn the_oldest_go_first_in_all_and_per_credential() {
        let settings = Settings {
            idempotency_keys: 5,
            idempotency_keys_per_credential: 3,
            ..Settings::default()
        };
        let mut known = Idempotencies::new(&settings);
        for key in 0..4 {
            known.remember(1, &answered(7, key));
        }
        assert!(known.find(1, &asked(7, 0)).is_none(), "beyond three of one credential");
        assert!(known.find(1, &asked(7, 1)).is_some());
        for key in 0..3 {
            known.remember(1, &answered(8, key));
        }
        assert!(known.find(1, &asked(7, 1)).is_none(), "beyond five in all");
        assert!(known.find(1, &asked(7, 2)).is_some());
    }

    #[test]
    fn an_answer_is_kept_for_its_time_only() {
        let settings = Settings { idempotency_us: 100, ..Settings::default() };
        let mut known = Idempotencies::new(&settings);
        known.remember(1, &answered(7, 1));
        assert!(known.find(100, &asked(7, 1)).is_some());
        assert!(known.find(101, &asked(7, 1)).is_none());
        known.remember(200, &answered(7, 2));
        assert_eq!(known.in_order().count(), 1);
    }
}
