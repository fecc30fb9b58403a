//! The first directory of an empty log, and the operator's first key.
//!
//! Each object is a record of its own, and a start may end between two of them: a [`Marker`] says until
//! the last one that there is more to put. Nobody else changes the directory meanwhile, as sessions are
//! taken only behind it.

use std::path::Path;

use bytes::Bytes;
use relevo_routing::input::{Command, Input, Key as StoredKey};
use relevo_wire::Answer;
use relevo_wire::directory::Object;
use relevo_wire::ids::TenantId;
use relevo_wire::vocabulary::Role;
use tokio::sync::oneshot;

use super::StartError;
use super::marker::Marker;
use super::shared::Shared;
use crate::config::{Directory, KeySeed, ObjectSeed};
use crate::keys::Key;
use crate::publish::outcome::Asker;
use crate::shard::ShardInput;
use crate::tenants::{OPERATORS, tenant_id};

/// Puts the bootstrap directory into a log that was empty, or that a start before this one did not get
/// it all into.
pub(super) async fn directory(
    shared: &Shared,
    data: &Path,
    directory: &Directory,
    is_empty: bool,
) -> Result<(), StartError> {
    let unfinished = Marker::bootstrap(data);
    let was_cut_short = unfinished.read()?.is_some();
    if !is_empty && !was_cut_short {
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
        let put = ask(shared, tenant_of(seed), input).await;
        let named = |why| StartError::Bootstrap(format!("{}: {why}", seed.object.reference()));
        put.map_err(named)?;
    }
    for seed in &directory.keys {
        let (tenant, key) = stored(seed, shared.clock.now_us());
        let named = |why| StartError::Bootstrap(format!("key {}: {why}", seed.prefix));
        let present = shared.published.directories.load().key(&seed.prefix).cloned();
        if let Some((of, present)) = present {
            if is_same(seed, of, &present) {
                continue;
            }
            let input = Input::RevokeKey { prefix: seed.prefix.clone() };
            ask(shared, of, input).await.map_err(named)?;
        }
        ask(shared, tenant, Input::CreateKey(key)).await.map_err(named)?;
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
        let revoked = ask(shared, operators, Input::RevokeKey { prefix }).await;
        revoked.map_err(StartError::Bootstrap)?;
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
    let created = ask(shared, operators, Input::CreateKey(stored)).await;
    created.map_err(StartError::Bootstrap)?;
    Ok(Some(key.reveal().to_owned()))
}

async fn ask(shared: &Shared, tenant: TenantId, input: Input) -> Result<(), String> {
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
        Ok(Answer::Error(error)) => Err(error.to_string()),
        Ok(_) => Ok(()),
        Err(_) => Err("the log has failed".to_owned()),
    }
}
