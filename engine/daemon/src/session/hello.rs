//! Who is it? A credential becomes a party of a tenant.

use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::ids::TenantId;
use relevo_wire::vocabulary::Role;

use super::Party;
use crate::keys::Key;
use crate::publish::directory::Directories;
use crate::runtime::shared::Shared;

/// A credential that was recognised.
#[derive(Debug)]
pub(super) struct Credential {
    /// Its tenant; the operators' own for an operator.
    pub(super) tenant: TenantId,
    /// Who.
    pub(super) party: Party,
    /// What it may be used for.
    pub(super) role: Role,
    /// Name of the bot or agent.
    pub(super) owner: String,
    /// Public part of the key.
    pub(super) prefix: String,
}

/// Recognises a key. Every failure looks the same from outside.
pub(super) fn authenticate(shared: &Shared, token: &str) -> Result<Credential, WireError> {
    let directories = shared.published.directories.load();
    recognise(&directories, token)
        .ok_or_else(|| WireError::field(ErrorCode::Unauthenticated, "token", "not a valid key"))
}

fn recognise(directories: &Directories, token: &str) -> Option<Credential> {
    let presented: Key = token.parse().ok()?;
    let (tenant, key) = directories.key(presented.prefix())?;
    if !presented.matches(&key.sha256) {
        return None;
    }
    let directory = directories.tenant(*tenant)?;
    let party = match key.role {
        Role::Bot => Party::Bot(directory.bot_id(&key.owner)?),
        Role::Agent => Party::Agent(directory.agent_id(&key.owner)?),
        Role::Admin | Role::Operator => Party::Admin,
    };
    Some(Credential {
        tenant: *tenant,
        party,
        role: key.role,
        owner: key.owner.clone(),
        prefix: key.prefix.clone(),
    })
}
