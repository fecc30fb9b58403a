//! The daemon's runtime behind [`Service`].

use super::{Announcement, Service};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::tls::Tls;
use std::time::Duration;

/// There is no runtime yet.
pub(super) enum Daemon {}

pub(super) async fn start(_: &Config, _: &Tls) -> Result<Daemon, Failure> {
    Err(Failure::new(Exit::Failed, "this build has no runtime yet"))
}

impl Service for Daemon {
    fn announcement(&self) -> Announcement {
        match *self {}
    }

    fn reloaded(&self, _: bool) {
        match *self {}
    }

    async fn failed(&self) -> Exit {
        match *self {}
    }

    async fn drain(self, _: Duration) -> bool {
        match self {}
    }
}
