//! relevo-routing

pub mod seats;
