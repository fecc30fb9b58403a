//! Identifiers. Each is a type of its own, so that the compiler keeps them apart.

use rkyv::{Archive, Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A tenant (organization): the first eight bytes of the SHA-256 of its name, big-endian.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Archive, Serialize, Deserialize,
)]
pub struct TenantId(pub u64);

/// A bot (one channel installation) within its tenant; dense from 0 in order of creation.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Archive, Serialize, Deserialize,
)]
pub struct BotId(pub u32);

/// A queue (line of a bot) within its tenant; dense from 0 in order of creation.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Archive, Serialize, Deserialize,
)]
pub struct QueueId(pub u32);

/// An agent within its tenant; dense from 0 in order of creation.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Archive, Serialize, Deserialize,
)]
pub struct AgentId(pub u32);

/// A contact (customer of a bot): the first sixteen bytes of the SHA-256 of tenant, bot and the
/// bot's own name for the contact, so that the core needs no personal field to tell contacts apart.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Archive, Serialize, Deserialize,
)]
pub struct ContactKey(pub u128);

/// A live session of a bot, an agent or an admin; unique for the life of a data directory.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Archive,
    Serialize,
    Deserialize,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
pub struct SessionId(pub u64);

/// Chosen by the client for each request and echoed in its answer. 0 is reserved: it stands in
/// errors that answer no request (a frame that could not be read).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct RequestId(pub u64);

/// A ticket (one service episode): a UUIDv7.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Archive, Serialize, Deserialize)]
pub struct TicketId(pub u128);

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            v >> 96,
            (v >> 80) & 0xffff,
            (v >> 64) & 0xffff,
            (v >> 48) & 0xffff,
            v & 0xffff_ffff_ffff
        )
    }
}

impl fmt::Debug for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TicketId({self})")
    }
}

/// The text is not a UUID in its hyphenated form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a ticket id is a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057")]
pub struct InvalidTicketId;

impl FromStr for TicketId {
    type Err = InvalidTicketId;

    fn from_str(text: &str) -> Result<Self, InvalidTicketId> {
        let bytes = text.as_bytes();
        let hyphens = [8, 13, 18, 23];
        let well_formed = bytes.len() == 36
            && bytes.iter().enumerate().all(|(at, byte)| {
                if hyphens.contains(&at) { *byte == b'-' } else { byte.is_ascii_hexdigit() }
            });
        if !well_formed {
            return Err(InvalidTicketId);
        }
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        u128::from_str_radix(&digits, 16).map(Self).map_err(|_| InvalidTicketId)
    }
}

impl serde::Serialize for TicketId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for TicketId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_id_reads_back_what_it_shows() {
        let id = TicketId(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057);
        assert_eq!(id.to_string(), "01890a5d-ac96-774b-bcce-b302099a8057");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("01890a5d".parse::<TicketId>(), Err(InvalidTicketId));
        assert_eq!(
            "01890a5dxac96x774bxbccexb302099a8057".parse::<TicketId>(),
            Err(InvalidTicketId)
        );
    }
}
