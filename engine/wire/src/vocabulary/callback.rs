//! What a customer wishes who came outside the hours.

use rkyv::{Archive, Deserialize, Serialize};

/// Whether the customer wants to be called back.
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
pub enum Callback {
    /// Nobody has asked.
    #[default]
    NotAsked,
    /// Yes.
    Yes,
    /// No.
    No,
}

impl Callback {
    /// The name as it stands in JSON and in lists.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::Yes => "yes",
            Self::No => "no",
        }
    }
}

impl From<bool> for Callback {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}
