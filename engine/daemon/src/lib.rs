//! relevo
