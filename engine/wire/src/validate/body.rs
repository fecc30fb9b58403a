//! A message's content, checked in its archived bytes: nothing is copied.

use super::malformed;
use crate::error::{ErrorCode, WireError};
use crate::limits;
use crate::packed::Packed;
use crate::vocabulary::{ArchivedBody, ArchivedMedia, ArchivedMessageKind, Body};
use rkyv::string::ArchivedString;

/// Checks that the bytes are a body within the limits, with what its kind needs. Fields may go with
/// any kind: channels have details of their own.
///
/// # Errors
/// `malformed` or `limit_exceeded`, with the field.
pub fn body(body: &Packed<Body>) -> Result<(), WireError> {
    if body.bytes().len() > limits::MESSAGE_BYTES {
        let (most, found) = (limits::MESSAGE_BYTES, body.bytes().len());
        let message = format!("at most {most} bytes with everything in it, not {found}");
        return Err(WireError::field(ErrorCode::LimitExceeded, "body", message));
    }
    let body = body.check().map_err(|_| malformed("body", "is no body of a message"))?;
    check_fields(body)?;
    match &body.kind {
        ArchivedMessageKind::Text => {
            if body.text.is_empty() {
                return Err(malformed("body.text", "a text must not be empty"));
            }
            no_media(body)
        }
        ArchivedMessageKind::Image
        | ArchivedMessageKind::Audio
        | ArchivedMessageKind::Video
        | ArchivedMessageKind::Document => {
            let Some(media) = body.media.as_ref() else {
                return Err(malformed("body.media", "this kind of message needs its medium"));
            };
            check_media(media)
        }
        ArchivedMessageKind::Location => {
            no_media(body)?;
            coordinate(body, "latitude", 90.0)?;
            coordinate(body, "longitude", 180.0)
        }
        ArchivedMessageKind::ContactCard => structured(body, ["name", "phone"]),
        ArchivedMessageKind::InteractiveReply => structured(body, ["id", "title"]),
        ArchivedMessageKind::Template => structured(body, ["name", "language"]),
    }
}

fn check_fields(body: &ArchivedBody) -> Result<(), WireError> {
    super::count("body.fields", body.fields.len(), limits::FIELDS)?;
    for field in body.fields.iter() {
        super::length("body.fields", &field.0, 1, limits::FIELD_NAME_BYTES)?;
    }
    super::distinct("body.fields", body.fields.iter().map(|field| field.0.as_str()))
}

fn check_media(media: &ArchivedMedia) -> Result<(), WireError> {
    super::length("body.media.url", &media.url, 1, limits::URL_BYTES)?;
    super::length("body.media.mime", &media.mime, 1, limits::MIME_BYTES)?;
    if !media.mime.contains('/') {
        return Err(malformed("body.media.mime", "a media type such as image/jpeg"));
    }
    let hexadecimal = |sha256: &ArchivedString| {
        sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_hexdigit())
    };
    if !media.sha256.as_ref().is_none_or(hexadecimal) {
        return Err(malformed("body.media.sha256", "64 hexadecimal digits"));
    }
    Ok(())
}

fn structured(body: &ArchivedBody, needed: [&str; 2]) -> Result<(), WireError> {
    no_media(body)?;
    for name in needed {
        if value(body, name).is_none_or(str::is_empty) {
            return Err(malformed("body.fields", format!("this kind of message needs {name}")));
        }
    }
    Ok(())
}

fn coordinate(body: &ArchivedBody, name: &str, most: f64) -> Result<(), WireError> {
    let found = value(body, name).and_then(|text| text.parse::<f64>().ok());
    if found.is_some_and(|degrees| degrees.abs() <= most) {
        return Ok(());
    }
    Err(malformed("body.fields", format!("a location needs {name}, from -{most} to {most}")))
}

fn value<'a>(body: &'a ArchivedBody, name: &str) -> Option<&'a str> {
    let field = body.fields.iter().find(|field| field.0.as_str() == name)?;
    Some(field.1.as_str())
}

fn no_media(body: &ArchivedBody) -> Result<(), WireError> {
    if body.media.is_none() {
        return Ok(());
    }
    Err(malformed("body.media", "only image, audio, video and document have a medium"))
}
