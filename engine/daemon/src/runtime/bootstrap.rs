//! The first directory of an empty log, and the operator's first key.

use bytes::Bytes;
use relevo_routing::input::{Command, Input, Key as StoredKey};
use relevo_wire::Answer;
use relevo_wire::directory::Object;
use relevo_wire::ids::TenantId;
use relevo_wire::vocabulary::Role;
use tokio::sync::oneshot;

use super::shared::Shared;
use crate::config::Directory;
use crate::keys::Key;
use crate::publish::outcome::Asker;
use crate::shard::ShardInput;
use crate::tenants::{OPERATORS, tenant_id};

/// Puts the bootstrap directory into the log: the same commands as an admin's.
pub(super) async fn apply(shared: &Shared, directory: &Directory) -> Result<(), String> {
    for seed in &directory.objects {
        let tenant = match &seed.object {
            Object::Tenant(object) => tenant_id(&object.name),
            Object::Bot(_) | Object::Queue(_) | Object::Agent(_) => tenant_id(&seed.tenant),
        };
        let input = Input::Put { object: Box::new(seed.object.clone()), if_version: None };
        ask(shared, tenant, input).await?;
    }
    for seed in &directory.keys {
        let tenant = if seed.tenant.is_empty() { OPERATORS } else { &seed.tenant };
        let key = StoredKey {
            prefix: seed.prefix.clone(),
            sha256: seed.sha256,
            role: seed.role,
            owner: seed.owner.clone(),
            label: seed.label.clone(),
            created: shared.clock.now_us(),
        };
        ask(shared, tenant_id(tenant), Input::CreateKey(key)).await?;
    }
    Ok(())
}

/// Makes an operator's key when there is none.
pub(super) async fn operator_key(shared: &Shared) -> Result<Option<String>, String> {
    let operators = tenant_id(OPERATORS);
    let directories = shared.published.directories.load_full();
    if directories.tenant(operators).is_some_and(|directory| directory.keys().next().is_some()) {
        return Ok(None);
    }
    let key = Key::generate(Role::Operator).map_err(|error| error.to_string())?;
    let stored = StoredKey {
        prefix: key.prefix().to_owned(),
        sha256: key.sha256(),
        role: Role::Operator,
        owner: String::new(),
        label: "first start".to_owned(),
        created: shared.clock.now_us(),
    };
    ask(shared, operators, Input::CreateKey(stored)).await?;
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
