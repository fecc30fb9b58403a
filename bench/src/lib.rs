//! relevo-bench
