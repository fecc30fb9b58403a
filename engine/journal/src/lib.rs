//! relevo-journal
