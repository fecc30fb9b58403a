//! `relevo check-config` and `relevo config`: what a file says, without a daemon.

use super::output;
use crate::config::{self, Config as Configuration};
use crate::exit::{Exit, Failure};
use clap::Subcommand;
use relevo_wire::directory::Object;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Print a documented file of all defaults
    Default,
    /// Print what is in force with a file, or without one
    Print {
        /// Configuration file; without it everything has its default
        #[arg(short = 'c', long = "config", value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

pub(super) fn run(config: &Config) -> Result<(), Failure> {
    match config {
        Config::Default => output::line(config::default_document().trim_end()),
        Config::Print { config } => {
            let loaded = load(config.as_deref())?;
            output::line(config::effective_document(&loaded).trim_end())
        }
    }
}

/// Reads a file, or takes the defaults.
pub(super) fn load(file: Option<&Path>) -> Result<Configuration, Failure> {
    let Some(file) = file else { return Ok(Configuration::default()) };
    Configuration::load(file).map_err(|problems| {
        let count = problems.0.len();
        let plural = if count == 1 { "" } else { "s" };
        Failure::new(Exit::Configuration, format!("{count} problem{plural}\n{problems}"))
    })
}

pub(super) fn check(file: &Path) -> Result<(), Failure> {
    let loaded = load(Some(file))?;
    let (objects, keys) = (loaded.directory.objects.len(), loaded.directory.keys.len());
    output::line(&format!("{}: no problem ({objects} objects, {keys} keys)", file.display()))?;
    let objects = &loaded.directory.objects;
    let tenants: BTreeSet<&str> = objects.iter().map(|seed| seed.tenant.as_str()).collect();
    for tenant in tenants {
        let of_it = objects.iter().filter(|seed| seed.tenant == tenant);
        let of_it: Vec<&Object> = of_it.map(|seed| &seed.object).collect();
        for doubt in config::doubts(&of_it, |_| true) {
            output::line(&doubt)?;
        }
    }
    Ok(())
}
