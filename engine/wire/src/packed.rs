//! A value in its archived bytes: it crosses the core, the log and the outbox unread.
//!
//! Message bodies and personal fields are packed by the client, checked once at the border, and
//! copied as bytes from there on: nothing behind the session decodes them.

use bytes::Bytes;
use rkyv::api::high::{HighDeserializer, HighSerializer, HighValidator};
use rkyv::bytecheck::CheckBytes;
use rkyv::rancor;
use rkyv::ser::allocator::ArenaHandle;
use rkyv::util::AlignedVec;
use rkyv::{Archive, Deserialize, Serialize};
use std::fmt;
use std::marker::PhantomData;

/// The rkyv bytes of a `T`. Not yet known to be valid when they come from outside.
#[derive(Archive, Serialize, Deserialize)]
pub struct Packed<T> {
    bytes: Bytes,
    of: PhantomData<T>,
}

/// The bytes are no valid archive of the type they should hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("packed bytes are not a valid value: {0}")]
pub struct InvalidPacked(String);

impl<T> Packed<T> {
    /// Takes bytes as they came. [`Packed::check`] tells whether they are valid.
    #[must_use]
    pub fn from_bytes(bytes: Bytes) -> Self {
        Self { bytes, of: PhantomData }
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl<T> ArchivedPacked<T> {
    /// The bytes where they lie in the frame: what is passed on unread need not be copied first.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl<T> Packed<T>
where
    T: for<'a> Serialize<HighSerializer<AlignedVec, ArenaHandle<'a>, rancor::Error>>,
{
    /// Archives a value.
    #[must_use]
    pub fn new(value: &T) -> Self {
        let bytes = rkyv::to_bytes::<rancor::Error>(value)
            .expect("archiving plain strings and numbers into memory cannot fail");
        Self::from_bytes(Bytes::copy_from_slice(&bytes))
    }
}

impl<T> Packed<T>
where
    T: Archive,
    T::Archived: for<'a> CheckBytes<HighValidator<'a, rancor::Error>>
        + Deserialize<T, HighDeserializer<rancor::Error>>,
{
    /// Checks the bytes and shows the value in place.
    ///
    /// # Errors
    /// The bytes are no archive of a `T`.
    pub fn check(&self) -> Result<&T::Archived, InvalidPacked> {
        rkyv::access::<T::Archived, rancor::Error>(&self.bytes)
            .map_err(|error| InvalidPacked(error.to_string()))
    }

    /// Checks the bytes and builds the value.
    ///
    /// # Errors
    /// The bytes are no archive of a `T`.
    pub fn unpack(&self) -> Result<T, InvalidPacked> {
        rkyv::deserialize::<T, rancor::Error>(self.check()?)
            .map_err(|error| InvalidPacked(error.to_string()))
    }
}

impl<T> Clone for Packed<T> {
    fn clone(&self) -> Self {
        Self::from_bytes(self.bytes.clone())
    }
}

impl<T> PartialEq for Packed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<T> Eq for Packed<T> {}

impl<T> fmt::Debug for Packed<T> {
    /// Shows the length only: bodies never reach a log line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packed({} B)", self.bytes.len())
    }
}

impl<T> serde::Serialize for Packed<T>
where
    T: Archive + serde::Serialize,
    T::Archived: for<'a> CheckBytes<HighValidator<'a, rancor::Error>>
        + Deserialize<T, HighDeserializer<rancor::Error>>,
{
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.unpack().map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de, T> serde::Deserialize<'de> for Packed<T>
where
    T: serde::Deserialize<'de>
        + for<'a> Serialize<HighSerializer<AlignedVec, ArenaHandle<'a>, rancor::Error>>,
{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(|value| Self::new(&value))
    }
}
