//! relevo

pub mod ring;
