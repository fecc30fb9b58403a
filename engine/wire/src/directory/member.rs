//! Who serves a queue, and how soon.

use rkyv::{Archive, Deserialize, Serialize};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserializer, Serializer};
use std::fmt;

/// An agent who serves a queue. Written as its name alone where everything else is a default.
#[derive(Debug, Clone, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct Member {
    /// Name of the agent.
    pub agent: String,
    /// 1 (default) to 10: a ticket goes to those of the lowest level first, and an agent serves the
    /// queue of its lowest level first.
    pub level: u8,
    /// A ticket reaches the agent when it has waited for so many seconds (default 0, at most a week).
    pub delay_seconds: u32,
}

/// As it is written where it says more than a name.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    agent: String,
    #[serde(default = "first_level", skip_serializing_if = "is_first_level")]
    level: u8,
    #[serde(default, skip_serializing_if = "is_zero")]
    delay_seconds: u32,
}

fn first_level() -> u8 {
    Member::LEVEL
}

fn is_first_level(level: &u8) -> bool {
    *level == Member::LEVEL
}

fn is_zero(seconds: &u32) -> bool {
    *seconds == 0
}

impl Member {
    /// The level of who has none.
    pub const LEVEL: u8 = 1;

    /// Whether nothing but its name is said of it.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.level == Self::LEVEL && self.delay_seconds == 0
    }
}

impl From<String> for Member {
    fn from(agent: String) -> Self {
        Self { agent, level: Self::LEVEL, delay_seconds: 0 }
    }
}

impl From<&str> for Member {
    fn from(agent: &str) -> Self {
        agent.to_owned().into()
    }
}

impl serde::Serialize for Member {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_plain() {
            return serializer.serialize_str(&self.agent);
        }
        let Self { agent, level, delay_seconds } = self.clone();
        Written { agent, level, delay_seconds }.serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrMore)
    }
}

struct NameOrMore;

impl<'de> Visitor<'de> for NameOrMore {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of an agent, or agent, level and delay_seconds of one")
    }

    fn visit_str<E: de::Error>(self, agent: &str) -> Result<Member, E> {
        Ok(agent.into())
    }

    fn visit_string<E: de::Error>(self, agent: String) -> Result<Member, E> {
        Ok(agent.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Member, A::Error> {
        let written: Written = serde::Deserialize::deserialize(MapAccessDeserializer::new(map))?;
        let Written { agent, level, delay_seconds } = written;
        Ok(Member { agent, level, delay_seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Member, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_member_of_whom_nothing_is_said_is_its_name() {
        let written = |member: &Member| serde_json::to_string(member).unwrap();
        let plain = Member::from("ana");
        assert_eq!(written(&plain), "\"ana\"");
        assert_eq!(read("\"ana\""), Ok(plain.clone()));
        assert_eq!(read("{\"agent\":\"ana\"}"), Ok(plain.clone()));
        let second = Member { level: 2, ..plain.clone() };
        assert_eq!(written(&second), "{\"agent\":\"ana\",\"level\":2}");
        let late = Member { delay_seconds: 30, ..plain };
        assert_eq!(written(&late), "{\"agent\":\"ana\",\"delay_seconds\":30}");
        for member in [second, late] {
            assert_eq!(read(&written(&member)), Ok(member));
        }
    }

    #[test]
    fn what_is_no_member_is_told() {
        let says = |text: &str, said: &str| {
            let error = read(text).unwrap_err();
            assert!(error.contains(said), "{error}");
        };
        says("7", "expected the name of an agent, or agent, level and delay_seconds of one");
        says("{\"level\":2}", "missing field `agent`");
        says("{\"agent\":\"ana\",\"leve\":2}", "unknown field `leve`");
        says("{\"agent\":\"ana\",\"level\":300}", "expected u8");
    }
}
