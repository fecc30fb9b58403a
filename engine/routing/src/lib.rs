//! relevo-routing
