//! The two codecs from outside: bytes that must not change, bytes that must not hurt, and the
//! protocol's description.

mod golden;
mod properties;
mod protocol;
mod samples;
