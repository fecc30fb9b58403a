//! `relevo apply`, and the one way in which a file of objects reaches a running daemon.
//!
//! ```text
//! file ─► objects, each checked ─► directory listed ─► cross-checks, doubts ─► diff ─► one `apply`
//! ```

use super::diff::Diff;
use super::output;
use super::remote::{Admin, block_on, unanswered};
use crate::config::{Directory, Known, ObjectFile, doubts};
use crate::exit::{Exit, Failure};
use clap::Args;
use relevo_client::{AdminClient, ClientError, Listing};
use relevo_wire::directory::{Object, Versioned};
use relevo_wire::error::ErrorCode;
use relevo_wire::limits;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Brings the directory of a tenant to what a file says.
#[derive(Debug, Args)]
pub(super) struct Apply {
    #[command(flatten)]
    admin: Admin,
    /// Directory file of one tenant: [[tenant]], [[agent]], [[bot]], [[queue]]
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    file: PathBuf,
    /// Tenant of objects that name none, when the key is an operator's
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Show what is different and change nothing: exit code 2 when something is
    #[arg(long)]
    dry_run: bool,
    /// Delete what the file does not name. Not by default: a forgotten line must not delete a team.
    /// The tenant itself stays
    #[arg(long)]
    prune: bool,
}

/// How a file is brought into the directory.
#[derive(Clone, Copy)]
struct How {
    dry_run: bool,
    prune: bool,
    /// Nothing that somebody else changes meanwhile is overwritten.
    guard: bool,
}

impl Apply {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Self { admin, file, tenant, dry_run, prune } = self;
        let (file, directory) = read(&file)?;
        if directory.objects.is_empty() {
            let message = "the file has no object: write those that the tenant is to have";
            return Err(Failure::new(Exit::Configuration, message));
        }
        let how = How { dry_run, prune, guard: true };
        block_on(bring(&admin, tenant.as_deref(), &file, &directory, how))
    }
}

/// `relevo directory put`: several tenants one after the other, nothing deleted, nothing guarded.
pub(super) fn put(admin: &Admin, tenant: Option<&str>, file: &Path) -> Result<(), Failure> {
    let (file, directory) = read(file)?;
    let how = How { dry_run: false, prune: false, guard: false };
    block_on(bring(admin, tenant, &file, &directory, how))
}

fn read(path: &Path) -> Result<(ObjectFile, Directory), Failure> {
    let wrong = |problems| Failure::new(Exit::Configuration, format!("\n{problems}"));
    let file = ObjectFile::load(path).map_err(wrong)?;
    let directory = file.objects();
    if let Some(key) = directory.keys.first() {
        let message = format!(
            "{} has a [[key]] ({}); a running daemon makes its keys with `relevo key create`",
            path.display(),
            key.prefix
        );
        return Err(Failure::new(Exit::Configuration, message));
    }
    Ok((file, directory))
}

/// The objects of a file by tenant, tenants in the order in which they come; an empty name is the
/// key's own tenant, where that has none.
fn by_tenant<'d>(directory: &'d Directory, default: &'d str) -> Vec<(&'d str, Vec<&'d Object>)> {
    let mut tenants: Vec<(&str, Vec<&Object>)> = Vec::new();
    for seed in &directory.objects {
        let tenant = if seed.tenant.is_empty() { default } else { &seed.tenant };
        match tenants.iter_mut().find(|(name, _)| *name == tenant) {
            Some((_, objects)) => objects.push(&seed.object),
            None => tenants.push((tenant, vec![&seed.object])),
        }
    }
    tenants
}

/// A tenant as the daemon has it, and as the file wants it.
struct Sides<'d> {
    name: &'d str,
    listed: Vec<Versioned<Object>>,
    wanted: Vec<&'d Object>,
}

async fn bring(
    admin: &Admin,
    tenant: Option<&str>,
    file: &ObjectFile,
    directory: &Directory,
    how: How,
) -> Result<(), Failure> {
    let client = admin.connect().await?;
    let own = client.welcome().tenant.clone();
    let default = tenant.unwrap_or(&own);
    let tenants = by_tenant(directory, default);
    if let ([(first, _), (second, _), ..], true) = (&tenants[..], how.guard) {
        let message = format!(
            "the file has objects of more than one tenant ({first:?}, {second:?}), and one step changes \
             those of one; keep a file for each"
        );
        return Err(Failure::new(Exit::Configuration, message));
    }
    let mut sides = Vec::new();
    for (name, wanted) in tenants {
        let makes_it = wanted.iter().any(|object| matches!(object, Object::Tenant(_)));
        let listed = list(&client, name, makes_it).await?;
        sides.push(Sides { name, listed, wanted });
    }
    check(file, default, &sides, how.prune)?;
    let mut differs = false;
    for side in &sides {
        differs |= bring_one(&client, side, how).await?;
    }
    client.close().await;
    if how.dry_run && differs { Err(Failure::new(Exit::Differs, "")) } else { Ok(()) }
}

fn named(tenant: &str) -> Option<String> {
    (!tenant.is_empty()).then(|| tenant.to_owned())
}

async fn list(
    client: &AdminClient,
    tenant: &str,
    makes_it: bool,
) -> Result<Vec<Versioned<Object>>, Failure> {
    match client.list_directory(named(tenant)).await {
        Ok(Listing { objects, .. }) => Ok(objects),
        Err(error) if makes_it && error.code() == Some(ErrorCode::NotFound) => Ok(Vec::new()),
        Err(error) => Err(unanswered(error)),
    }
}

/// What the objects say of each other and of what stays: the problems of a configuration's directory.
fn check(
    file: &ObjectFile,
    default: &str,
    sides: &[Sides<'_>],
    prune: bool,
) -> Result<(), Failure> {
    let stays = |stored: &&Versioned<Object>| !prune || matches!(stored.object, Object::Tenant(_));
    let known = sides.iter().flat_map(|side| {
        let stay = side.listed.iter().filter(stays);
        stay.map(|stored| (side.name, &stored.object))
    });
    let tenant = Some(default).filter(|name| !name.is_empty());
    file.check(&Known { tenant, objects: known.collect() })
        .map_err(|problems| Failure::new(Exit::Configuration, format!("\n{problems}")))
}

/// Is anything different?
async fn bring_one(client: &AdminClient, side: &Sides<'_>, how: How) -> Result<bool, Failure> {
    let diff = Diff::between(&side.listed, &side.wanted, how.prune, how.guard);
    for line in diff.told() {
        output::line(&line)?;
    }
    for doubt in doubts_after(side, how.prune) {
        output::line(&doubt)?;
    }
    if diff.changes.is_empty() {
        output::line("nothing to change")?;
        return Ok(false);
    }
    let (created, changed, deleted) = (diff.created, diff.changed, diff.deleted);
    let counts = format!("{created} created, {changed} changed, {deleted} deleted");
    let count = diff.changes.len();
    if count > limits::CHANGES {
        return Err(too_much(&format!("{count} changes, and one step takes {}", limits::CHANGES)));
    }
    // A dry run too: what is in use is known to the daemon alone.
    let applied = client.apply(named(side.name), diff.changes, how.dry_run).await;
    let applied = applied.map_err(refused)?;
    if how.dry_run {
        output::line(&format!("dry run, nothing was changed: {counts}"))?;
    } else {
        output::line(&format!("applied: {counts}; directory version {}", applied.version))?;
    }
    Ok(true)
}

/// About what the file names, beside all that there is then.
fn doubts_after(side: &Sides<'_>, prune: bool) -> Vec<String> {
    let names: BTreeSet<String> =
        side.wanted.iter().map(|object| object.reference().to_string()).collect();
    let is_wanted = |object: &Object| names.contains(&object.reference().to_string());
    let others = side.listed.iter().map(|stored| &stored.object);
    let others = others.filter(|object| !prune && !is_wanted(object));
    let all: Vec<&Object> = side.wanted.iter().copied().chain(others).collect();
    doubts(&all, is_wanted)
}

fn too_much(what: &str) -> Failure {
    let message = format!(
        "it takes {what}: nothing was applied. Apply a part of the file first: what a file does not \
         name is kept without --prune"
    );
    Failure::new(Exit::Failed, message)
}

fn refused(error: ClientError) -> Failure {
    if error.code() == Some(ErrorCode::LimitExceeded)
        && let ClientError::Refused(refusal) = &error
        && matches!(&*refusal.field, "length" | "changes")
    {
        return too_much(&format!("more than one step takes ({})", refusal.message));
    }
    let changed = error.code() == Some(ErrorCode::VersionConflict);
    let Failure { exit, message } = unanswered(error);
    let after = if changed {
        "\nsomebody else changed it meanwhile; nothing was applied: look again, and apply again"
    } else {
        "\nnothing was applied"
    };
    Failure { exit, message: message + after }
}
