//! Where the log goes and how much of it: to standard error, as text on a terminal and as JSON
//! otherwise. What the log may hold is up to those who write it; bodies and personal fields show
//! themselves as lengths.

use crate::config::{Log, LogFormat, LogLevel};
use crate::exit::{Exit, Failure};
use std::io::{IsTerminal, stderr};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, reload};

/// The log of this process. Its level may change while it runs.
#[derive(Debug, Clone)]
pub struct Logging {
    level: reload::Handle<Targets, Registry>,
}

/// Starts the log of this process.
///
/// # Errors
/// There is one already.
pub fn start(log: Log) -> Result<Logging, Failure> {
    let (filter, level) = reload::Layer::new(filter(log.level));
    let json = match log.format {
        LogFormat::Auto => !stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let lines = if json {
        fmt::layer().json().flatten_event(true).with_writer(stderr).boxed()
    } else {
        fmt::layer().with_ansi(stderr().is_terminal()).with_writer(stderr).boxed()
    };
    let started = tracing_subscriber::registry().with(filter).with(lines).try_init();
    started.map_err(|error| Failure::new(Exit::Failed, format!("no log: {error}")))?;
    Ok(Logging { level })
}

impl Logging {
    /// Changes how much is logged from now on.
    pub fn set_level(&self, level: LogLevel) {
        self.level
            .reload(filter(level))
            .expect("the filter lives as long as the process, whose log it belongs to");
    }
}

/// Other people's crates never say more than `info`: below it they show packets and keys of maps.
fn filter(level: LogLevel) -> Targets {
    let own = match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    };
    Targets::new().with_default(own.min(Level::INFO)).with_target("relevo", own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_that_of_our_own_crates() {
        let debug = filter(LogLevel::Debug);
        assert!(debug.would_enable("relevo::session", &Level::DEBUG));
        assert!(debug.would_enable("relevo_journal", &Level::DEBUG));
        assert!(!debug.would_enable("relevo", &Level::TRACE));
        assert!(debug.would_enable("quinn", &Level::INFO));
        assert!(!debug.would_enable("quinn", &Level::DEBUG), "others stop at info");
        let error = filter(LogLevel::Error);
        assert!(error.would_enable("quinn", &Level::ERROR));
        assert!(!error.would_enable("quinn", &Level::WARN), "and below it with ours");
    }
}
