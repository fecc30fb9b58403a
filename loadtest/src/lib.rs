//! relevo-loadtest
