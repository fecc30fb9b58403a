//! When a queue is open, and what happens when it is not.

use rkyv::{Archive, Deserialize, Serialize};

/// Opening hours: a week, and the days that are otherwise. Without an interval it never opens.
#[derive(
    Debug,
    Clone,
    Default,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// IANA name of the time zone whose clock they are read by, such as `America/Sao_Paulo`; absent:
    /// that of the bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Days (`mon` to `sun`, or a range of them such as `mon-fri`) with their intervals (`09:00-18:00`);
    /// in the order of the names. A day that is not named is closed.
    ///
    /// An interval lasts from its first time, to its second, which it does not include. `24:00` is the
    /// end of the day; one that ends before it begins, such as `22:00-06:00`, ends on the next day and
    /// belongs to the day on which it begins.
    #[serde(default, with = "lists")]
    pub week: Vec<(String, Vec<String>)>,
    /// Days that are not as their week says; at most 400.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<Holiday>,
}

/// A day, or some days in a row, with intervals of their own.
#[derive(
    Debug,
    Clone,
    Default,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// The day, such as `2026-12-25`; absent when `from` and `to` say the days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// When it is open on such a day; none: it is closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<String>,
}

/// What a hand-off gets while the queue is closed by its hours.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum OutsideHours {
    /// `rejected`, with the text for it and the time at which the queue opens.
    #[default]
    Refuse,
    /// A place in line, with the same text: it waits until the queue opens.
    Queue,
    /// A place in the first queue of its `overflow` chain that takes it, and where none does `rejected`
    /// as `refuse` says. Who waits until the queue opens overflows as if it were open.
    Overflow,
}

/// What becomes of those who still wait when the queue closes.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum AtClosing {
    /// Agents who are online go on until nobody of them waits.
    #[default]
    Finish,
    /// They keep their places and wait until the queue opens.
    Carry,
    /// Their tickets are closed with the reason `out_of_hours`.
    Close,
}

/// Names and their lists, which JSON and TOML write as a table. Always in the order of the names, so
/// that the same hours are equal however they were written.
mod lists {
    use serde::de::{Error, MapAccess, Visitor};
    use serde::{Deserializer, Serializer};
    use std::fmt;

    type Lists = Vec<(String, Vec<String>)>;

    pub(super) fn serialize<S: Serializer>(lists: &Lists, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(lists.iter().map(|(name, list)| (name, list)))
    }

    /// Reads a table; a name that stands there twice is refused.
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Lists, D::Error> {
        from.deserialize_map(Reader)
    }

    struct Reader;

    impl<'de> Visitor<'de> for Reader {
        type Value = Lists;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a table of lists")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Lists, A::Error> {
            let mut lists = Lists::new();
            while let Some(entry) = map.next_entry()? {
                lists.push(entry);
            }
            lists.sort();
            if let Some(twice) = lists.windows(2).find(|two| two[0].0 == two[1].0) {
                return Err(A::Error::custom(format_args!("duplicate field `{}`", twice[0].0)));
            }
            Ok(lists)
        }
    }
}
