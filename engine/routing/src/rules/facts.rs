//! What rules are held against: one hand-off, at one moment.

use super::limits;
use relevo_wire::vocabulary::{ArchivedContact, HandOffReason};
use rkyv::string::ArchivedString;
use rkyv::tuple::ArchivedTuple2;
use rkyv::vec::ArchivedVec;

/// A hand-off as the rules see it. All of it is borrowed; nothing of it is kept.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// The customer's last message, where there is one.
    pub message: Option<&'a str>,
    /// The language of the hand-off.
    pub language: Option<&'a str>,
    /// The contact's fields: `name`, `phone`, `email`, `city`, `document`, `language` and any other.
    pub contact: &'a dyn Entries,
    /// The hand-off's context.
    pub context: &'a dyn Entries,
    /// Why the bot hands over.
    pub reason: HandOffReason,
    /// When, on the wall of the contact center.
    pub moment: Moment,
}

impl<'a> Facts<'a> {
    pub(super) fn contact_field(&self, name: &str) -> Option<&'a str> {
        value(self.contact, name)
    }

    pub(super) fn context_entry(&self, name: &str) -> Option<&'a str> {
        value(self.context, name)
    }
}

fn value<'a>(entries: &'a dyn Entries, name: &str) -> Option<&'a str> {
    let mut entries = (0..limits::ENTRIES).map_while(|index| entries.at(index));
    entries.find(|(other, _)| *other == name).map(|(_, value)| value)
}

/// Names and values. Of several entries with one name the first counts; an empty value is a value.
pub trait Entries {
    /// The entry at `index`, from 0; nothing behind the last.
    fn at(&self, index: usize) -> Option<(&str, &str)>;
}

impl<E: Entries + ?Sized> Entries for &E {
    fn at(&self, index: usize) -> Option<(&str, &str)> {
        (**self).at(index)
    }
}

impl<N: AsRef<str>, V: AsRef<str>> Entries for [(N, V)] {
    fn at(&self, index: usize) -> Option<(&str, &str)> {
        self.get(index).map(|(name, value)| (name.as_ref(), value.as_ref()))
    }
}

impl<N: AsRef<str>, V: AsRef<str>> Entries for Vec<(N, V)> {
    fn at(&self, index: usize) -> Option<(&str, &str)> {
        self.as_slice().at(index)
    }
}

impl<N: AsRef<str>, V: AsRef<str>, const COUNT: usize> Entries for [(N, V); COUNT] {
    fn at(&self, index: usize) -> Option<(&str, &str)> {
        self.as_slice().at(index)
    }
}

/// Where they lie in a frame.
impl Entries for ArchivedVec<ArchivedTuple2<ArchivedString, ArchivedString>> {
    fn at(&self, index: usize) -> Option<(&str, &str)> {
        self.get(index).map(|pair| (pair.0.as_str(), pair.1.as_str()))
    }
}

/// `id`, then `name` unless it is empty, which on the wire means that there is none, then the
/// further fields.
impl Entries for ArchivedContact {
    fn at(&self, index: usize) -> Option<(&str, &str)> {
        let named = usize::from(!self.name.is_empty());
        match index {
            0 => Some(("id", &self.id)),
            1 if named == 1 => Some(("name", &self.name)),
            further => self.fields.at(further - 1 - named),
        }
    }
}

/// A minute of a week, as the clock on the wall shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    weekday: Weekday,
    minute: u16,
}

impl Moment {
    /// `hour` from 0 to 23, `minute` from 0 to 59.
    #[must_use]
    pub fn new(weekday: Weekday, hour: u8, minute: u8) -> Option<Self> {
        let minute_of_day = u16::from(hour) * 60 + u16::from(minute);
        (hour < 24 && minute < 60).then_some(Self { weekday, minute: minute_of_day })
    }

    /// Of seconds since 1970 to which the offset of the time zone has been added.
    #[must_use]
    pub fn of_local_seconds(seconds: i64) -> Self {
        const DAY_SECONDS: i64 = 86_400;
        // 1970 began on a Thursday.
        let weekday = (seconds.div_euclid(DAY_SECONDS) + 3).rem_euclid(7);
        let minute = seconds.rem_euclid(DAY_SECONDS) / 60;
        Self {
            weekday: Weekday::ALL[usize::try_from(weekday).expect("a remainder is not negative")],
            minute: u16::try_from(minute).expect("a day has 1,440 minutes"),
        }
    }

    /// The day of the week.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        self.weekday
    }

    /// From 0 to 23.
    #[must_use]
    pub fn hour(self) -> u16 {
        self.minute / 60
    }

    /// Minutes since midnight.
    #[must_use]
    pub fn minute_of_day(self) -> u16 {
        self.minute
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// All, from Monday.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use relevo_wire::packed::Packed;
    use relevo_wire::vocabulary::Contact;

    #[test]
    fn the_moment_of_local_seconds() {
        let begin = Moment::of_local_seconds(0);
        assert_eq!((begin.weekday(), begin.minute_of_day()), (Weekday::Thursday, 0));
        let before = Moment::of_local_seconds(-1);
        assert_eq!((before.weekday(), before.minute_of_day()), (Weekday::Wednesday, 1_439));
        // 2026-11-26 08:31:42, a Thursday.
        let later = Moment::of_local_seconds(1_795_681_902);
        assert_eq!(later, Moment::new(Weekday::Thursday, 8, 31).unwrap());
        assert_eq!(Moment::new(Weekday::Monday, 24, 0), None);
        assert_eq!(Moment::new(Weekday::Monday, 0, 60), None);
    }

    #[test]
    fn a_contact_without_a_name_has_none() {
        let fields = vec![("city".to_owned(), "Lima".to_owned())];
        let mut contact = Contact { id: "1".to_owned(), name: String::new(), fields };
        let packed = Packed::new(&contact);
        let nameless = packed.check().unwrap();
        assert_eq!([nameless.at(1), nameless.at(2)], [Some(("city", "Lima")), None]);
        contact.name = "Ana".to_owned();
        let packed = Packed::new(&contact);
        let contact = packed.check().unwrap();
        let entries = [contact.at(1), contact.at(2), contact.at(3)];
        assert_eq!(entries, [Some(("name", "Ana")), Some(("city", "Lima")), None]);
    }
}
