//! The fields of one JSON object, unread until somebody knows their types.

use crate::error::{ErrorCode, WireError};
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

/// Most fields of an object: more than any command or push has.
const FIELDS: usize = 64;

/// The fields of one JSON object, in their order, none twice.
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// # Errors
    /// `malformed`: the line is not one JSON object, or a field stands there twice.
    pub(super) fn read(line: &'a [u8]) -> Result<Self, WireError> {
        serde_json::from_slice(line).map_err(|error| {
            let message = format!("the line is no JSON object: {error}");
            WireError::new(ErrorCode::Malformed, message)
        })
    }

    /// Takes a field out that must be there.
    ///
    /// # Errors
    /// `malformed`, with the field.
    pub(super) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, WireError> {
        self.take_optional(name)?
            .ok_or_else(|| WireError::field(ErrorCode::Malformed, name, "is missing"))
    }

    /// Takes a field out that may be absent.
    ///
    /// # Errors
    /// `malformed`, with the field.
    pub(super) fn take_optional<T: DeserializeOwned>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, WireError> {
        let Some(at) = self.0.iter().position(|(field, _)| field == name) else { return Ok(None) };
        let (_, value) = self.0.remove(at);
        serde_json::from_str(value.get()).map(Some).map_err(|error| refusal(name, &error))
    }

    /// Reads all that is left into a type.
    ///
    /// # Errors
    /// `malformed`, with the field that is unknown, missing or of another type.
    pub(super) fn into_type<T: DeserializeOwned>(self) -> Result<T, WireError> {
        let reading = Cell::new("");
        let fields = self.0.iter().map(|(name, value)| {
            reading.set(name);
            (name.as_ref(), *value)
        });
        let map = MapDeserializer::<_, serde_json::Error>::new(fields);
        T::deserialize(map).map_err(|error| refusal(reading.get(), &error))
    }
}

/// An error that names its field: serde names unknown and missing ones in its message, of a value
/// that is wrong only the field that was being read is known.
fn refusal(reading: &str, error: &serde_json::Error) -> WireError {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let mut quoted = message.split('`');
    let (said, name) = (quoted.next(), quoted.next());
    let field = match (said, name) {
        (Some("missing field "), Some(name)) => name.to_owned(),
        (Some("unknown field " | "duplicate field "), Some(name)) if name != reading => {
            format!("{reading}.{name}")
        }
        (Some(_) | None, Some(_) | None) => reading.to_owned(),
    };
    WireError::field(ErrorCode::Malformed, field, message)
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom(format_args!(
                    "the field {name:?} stands there twice"
                )));
            }
            if fields.len() == FIELDS {
                return Err(A::Error::custom(format_args!("more than {FIELDS} fields")));
            }
            fields.push((name, map.next_value()?));
        }
        Ok(Fields(fields))
    }
}

/// A name that is borrowed where it holds no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
