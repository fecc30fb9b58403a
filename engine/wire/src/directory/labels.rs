//! Labels of a queue: what its owners want to know of it, and nothing here reads.

use serde::{Deserializer, Serializer};

/// Writes them as an object, in their order.
pub(super) fn serialize<S: Serializer>(
    labels: &[(String, String)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    crate::pairs::serialize(labels, serializer)
}

/// Reads an object, in whatever order it stands.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, String)>, D::Error> {
    let mut labels = crate::pairs::deserialize(deserializer)?;
    labels.sort_unstable();
    Ok(labels)
}
