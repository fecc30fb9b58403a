//! The first directory of an empty log, and the operator's first key.
//!
//! Each object is a record of its own, and a start may end between two of them: a [`Marker`] says until
//! the last one that there is more to put. Nobody else changes the directory meanwhile, as sessions are
//! taken only behind it.

use std::fmt::Display;
use std::path::Path;

use bytes::Bytes;
use relevo_routing::directory::Directory as TenantDirectory;
use relevo_routing::input::{Command, Input, Key as StoredKey};
use relevo_wire::Answer;
use relevo_wire::directory::{Object, ObjectRef};
use relevo_wire::ids::TenantId;
use relevo_wire::vocabulary::Role;
use tokio::sync::oneshot;

use super::StartError;
use super::marker::Marker;
use super::shared::Shared;
use crate::config::{Directory, KeySeed, ObjectSeed};
use crate::keys::Key;
use crate::publish::directory::Directories;
use crate::publish::outcome::Asker;
use crate::shard::ShardInput;
use crate::tenants::{OPERATORS, tenant_id};

/// What is asked for beside the bootstrap directory.
const OPERATOR_KEY: &str = "the operator's key";
/// Most differences that a warning names.
const NAMED: usize = 10;

/// Puts the bootstrap directory into a log that was empty, or that a start before this one did not get
/// it all into; of any other log it says where the two differ.
pub(super) async fn directory(
    shared: &Shared,
    data: &Path,
    directory: &Directory,
    is_empty: bool,
) -> Result<(), StartError> {
    let unfinished = Marker::bootstrap(data);
    let was_cut_short = unfinished.read()?.is_some();
    if !is_empty && !was_cut_short {
        warn_of_differences(&shared.published.directories.load(), directory);
        return Ok(());
    }
    if was_cut_short {
        tracing::warn!(
            "the start before was cut short in the bootstrap directory: it is put again"
        );
    } else if directory.objects.is_empty() && directory.keys.is_empty() {
        return Ok(());
    } else {
        unfinished.write("")?;
    }
    apply(shared, directory).await?;
    unfinished.remove()
}

/// The same commands as an admin's. What is there already is the same afterwards, or is changed.
async fn apply(shared: &Shared, directory: &Directory) -> Result<(), StartError> {
    for seed in &directory.objects {
        let input = Input::Put { object: Box::new(seed.object.clone()), if_version: None };
        ask(shared, tenant_of(seed), input, &seed.object.reference()).await?;
    }
    for seed in &directory.keys {
        let (tenant, key) = stored(seed, shared.clock.now_us());
        let what = format!("key {}", seed.prefix);
        let present = shared.published.directories.load().key(&seed.prefix).cloned();
        if let Some((of, present)) = present {
            if is_same(seed, of, &present) {
                continue;
            }
            let input = Input::RevokeKey { prefix: seed.prefix.clone() };
            ask(shared, of, input, &what).await?;
        }
        ask(shared, tenant, Input::CreateKey(key), &what).await?;
    }
    Ok(())
}

fn tenant_of(seed: &ObjectSeed) -> TenantId {
    match &seed.object {
        Object::Tenant(object) => tenant_id(&object.name),
        Object::Bot(_) | Object::Queue(_) | Object::Agent(_) => tenant_id(&seed.tenant),
    }
}

fn stored(seed: &KeySeed, created: u64) -> (TenantId, StoredKey) {
    let tenant = if seed.tenant.is_empty() { OPERATORS } else { &seed.tenant };
    let key = StoredKey {
        prefix: seed.prefix.clone(),
        sha256: seed.sha256,
        role: seed.role,
        owner: seed.owner.clone(),
        label: seed.label.clone(),
        created,
    };
    (tenant_id(tenant), key)
}

/// When it was made makes no other key of it.
fn is_same(seed: &KeySeed, tenant: TenantId, present: &StoredKey) -> bool {
    stored(seed, present.created) == (tenant, present.clone())
}

/// What counts is the log. Who changed the file and started anew may believe otherwise.
fn warn_of_differences(directories: &Directories, directory: &Directory) {
    let objects = directory.objects.iter().filter_map(|seed| {
        let present = directories.tenant(tenant_of(seed)).and_then(|of| found(of, &seed.object));
        let object = seed.object.reference();
        let named = match object {
            ObjectRef::Tenant(_) => object.to_string(),
            ObjectRef::Bot(_) | ObjectRef::Queue(..) | ObjectRef::Agent(_) => {
                format!("{object} of {}", seed.tenant)
            }
        };
        differs(named, present.map(|present| present == seed.object))
    });
    let keys = directory.keys.iter().filter_map(|seed| {
        let present = directories.key(&seed.prefix);
        let named = format!("key {}", seed.prefix);
        differs(named, present.map(|(tenant, key)| is_same(seed, *tenant, key)))
    });
    let differing: Vec<String> = objects.chain(keys).collect();
    if differing.is_empty() {
        return;
    }
    let mut differs = differing[..differing.len().min(NAMED)].join(", ");
    if differing.len() > NAMED {
        differs += &format!(" and {} more", differing.len() - NAMED);
    }
    tracing::warn!(
        differs,
        "the bootstrap directory is not what the log holds, and is read into an empty log alone: \
         `relevo apply` brings objects of a file in, `relevo key create` makes keys"
    );
}

fn differs(named: String, is_same: Option<bool>) -> Option<String> {
    match is_same {
        Some(true) => None,
        Some(false) => Some(format!("{named} (differs)")),
        None => Some(format!("{named} (missing)")),
    }
}

/// The object of this name and kind.
fn found(of: &TenantDirectory, object: &Object) -> Option<Object> {
    match object {
        Object::Tenant(_) => of.tenant().map(|found| Object::Tenant(found.object.clone())),
        Object::Bot(bot) => {
            let found = of.bot(of.bot_id(&bot.name)?)?;
            Some(Object::Bot(found.object.clone()))
        }
        Object::Agent(agent) => {
            let found = of.agent(of.agent_id(&agent.name)?)?;
            Some(Object::Agent(found.object.clone()))
        }
        Object::Queue(queue) => {
            let found = of.queue(of.queue_id(of.bot_id(&queue.bot)?, &queue.name)?)?;
            Some(Object::Queue(found.object.clone()))
        }
    }
}

/// Makes an operator's key when there is none that anybody knows. Who shows it removes the marker.
pub(super) async fn operator_key(
    shared: &Shared,
    data: &Path,
) -> Result<Option<String>, StartError> {
    let operators = tenant_id(OPERATORS);
    let held = || shared.published.directories.load().tenant(operators).cloned();
    let untold = Marker::untold_key(data);
    if let Some(prefix) = untold.read()?
        && held().is_some_and(|directory| directory.key(&prefix).is_some())
    {
        tracing::warn!(prefix, "nobody was shown this operator key: it is revoked");
        ask(shared, operators, Input::RevokeKey { prefix }, &OPERATOR_KEY).await?;
    }
    if held().is_some_and(|directory| directory.keys().next().is_some()) {
        return untold.remove().map(|()| None);
    }
    let made = Key::generate(Role::Operator);
    let key = made.map_err(|error| StartError::Bootstrap(error.to_string()))?;
    let stored = StoredKey {
        prefix: key.prefix().to_owned(),
        sha256: key.sha256(),
        role: Role::Operator,
        owner: String::new(),
        label: "first start".to_owned(),
        created: shared.clock.now_us(),
    };
    untold.write(key.prefix())?;
    ask(shared, operators, Input::CreateKey(stored), &OPERATOR_KEY).await?;
    Ok(Some(key.reveal().to_owned()))
}

async fn ask(
    shared: &Shared,
    tenant: TenantId,
    input: Input,
    what: &impl Display,
) -> Result<(), StartError> {
    let (sender, answer) = oneshot::channel();
    shared.submit_one(ShardInput {
        tenant,
        command: Command { idempotency: None, input },
        private: Bytes::new(),
        asker: Asker::Daemon(sender),
        received: std::time::Instant::now(),
        permit: None,
    });
    match answer.await {
        Ok(Answer::Error(error)) => Err(StartError::Bootstrap(format!("{what}: {error}"))),
        Ok(_) => Ok(()),
        Err(_) => Err(StartError::LogFailed),
    }
}
