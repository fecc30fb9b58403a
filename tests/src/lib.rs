//! relevo-tests
