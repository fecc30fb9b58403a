//! relevo

pub mod admission;
pub mod ring;
