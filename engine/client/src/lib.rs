//! relevo-client
