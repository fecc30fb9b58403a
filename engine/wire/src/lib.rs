//! relevo-wire
