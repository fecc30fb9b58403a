//! The tenant of the load test on a daemon that runs already: what an earlier run left in it, and
//! what a run takes with it.
//!
//! Every run uses the same tenant and the same names, as a daemon takes few tenants and never gives
//! a number of a bot, queue or agent again. A run takes its credentials with it; one that was broken
//! off leaves them, and tickets: the next one ends those before it begins. Two runs at once need two
//! tenants.

use crate::daemon::Target;
use crate::plan::staff::Staff;
use crate::setup::{LABEL, admin, make_keys, request_all, trust};
use crate::world::World;
use anyhow::{Context, Result, bail};
use relevo_client::wire::answer::KeyCreated;
use relevo_client::wire::command::{Command, RevokeKey};
use relevo_client::wire::directory::{Object, ObjectRef};
use relevo_client::wire::vocabulary::{Role, TicketState};
use relevo_client::wire::{ErrorCode, TicketId};
use relevo_client::{AdminClient, ClientEvent, Connector, Options};

/// Ends what an earlier run has left in the tenant.
///
/// # Errors
/// The tenant is somebody else's, or the daemon refuses something.
pub async fn clear(admin: &AdminClient, target: &Target, world: &World) -> Result<()> {
    let tenant = &target.tenant;
    let listing = match admin.list_directory(Some(tenant.clone())).await {
        Err(error) if error.code() == Some(ErrorCode::NotFound) => return Ok(()),
        listing => listing.context("the tenant's directory")?,
    };
    let objects = || listing.objects.iter().map(|versioned| &versioned.object);
    if let Some(other) = objects().map(Object::reference).find(|object| !is_ours(object)) {
        bail!("the tenant `{tenant}` is somebody's: it has the {other}; name another by --tenant");
    }
    let left = admin.list_keys(Some(tenant.clone())).await.context("the tenant's credentials")?;
    let left = left.keys.into_iter().filter(|key| key.label == LABEL);
    revoke(admin, tenant, left.map(|key| key.prefix)).await?;
    if admin.status().await?.tickets.iter().any(|count| *count > 0) {
        let bots = objects().filter_map(|object| match object {
            Object::Bot(bot) => Some((Role::Bot, bot.name.clone())),
            Object::Tenant(_) | Object::Queue(_) | Object::Agent(_) => None,
        });
        let keys = make_keys(admin, tenant, bots).await?;
        for KeyCreated { key, .. } in &keys {
            take_back_all(target, key).await?;
        }
        revoke(admin, tenant, keys.into_iter().map(|key| key.prefix)).await?;
    }
    for object in objects() {
        let Object::Queue(queue) = object else { continue };
        if !queue.members.is_empty() && !is_of(world, &queue.bot, &queue.name) {
            let mut queue = queue.clone();
            queue.members.clear();
            admin.put(Some(tenant.clone()), Object::Queue(queue), None).await?;
        }
    }
    Ok(())
}

/// Takes the credentials of a run away again.
///
/// # Errors
/// The daemon cannot be reached, or refuses it.
pub async fn leave(target: &Target, prefixes: Vec<String>) -> Result<()> {
    let admin = admin(target).await?;
    revoke(&admin, &target.tenant, prefixes.into_iter()).await?;
    admin.close().await;
    Ok(())
}

async fn revoke(
    admin: &AdminClient,
    tenant: &str,
    prefixes: impl Iterator<Item = String>,
) -> Result<()> {
    let commands = prefixes.map(|prefix| {
        let what = format!("the credential {prefix}");
        (what, Command::RevokeKey(RevokeKey { tenant: Some(tenant.to_owned()), prefix }))
    });
    request_all(admin, commands).await.map(drop)
}

/// Ends every ticket that a bot has open.
async fn take_back_all(target: &Target, key: &str) -> Result<()> {
    let options = Options::bot(target.quic, trust(target)?, key.to_owned());
    let (bot, mut events) = Connector::new().bot(options).await?;
    let mut open: Vec<TicketId> = Vec::new();
    loop {
        let Some(event) = events.next().await else {
            bail!("a bot's session ended by itself: {}", events.end_reason().unwrap_or_default());
        };
        let ClientEvent::Snapshot(part) = event else { continue };
        let is_open = |state| !matches!(state, TicketState::Closed | TicketState::Wrapping);
        open.extend(part.tickets.iter().filter(|it| is_open(it.state)).map(|it| it.ticket));
        if part.last {
            break;
        }
    }
    for ticket in open {
        match bot.take_back(ticket).await {
            Err(error) if error.code() != Some(ErrorCode::WrongState) => {
                return Err(error).with_context(|| format!("ticket {ticket}"));
            }
            // It ended meanwhile.
            Ok(()) | Err(_) => {}
        }
    }
    bot.close().await;
    Ok(())
}

/// Is this one of the names that runs give?
fn is_ours(object: &ObjectRef) -> bool {
    match object {
        ObjectRef::Tenant(_) => true,
        ObjectRef::Bot(name) => is_numbered(name, "bot-"),
        ObjectRef::Agent(name) => is_numbered(name, "agent-"),
        ObjectRef::Queue(bot, name) => {
            is_numbered(bot, "bot-") && (is_numbered(name, "queue-") || name == "pull")
        }
    }
}

fn is_numbered(name: &str, prefix: &str) -> bool {
    let number = name.strip_prefix(prefix).unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Has this run such a queue?
fn is_of(world: &World, bot: &str, name: &str) -> bool {
    let Staff { bots, queues_per_bot, .. } = world.staff;
    (0..bots).any(|number| world.staff.bot(number) == bot)
        && (0..queues_per_bot).any(|number| world.staff.queue(&world.plan, number) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_runs_are_told_from_those_of_others() {
        let staff = Staff { agents: 1, seats: 1, bots: 1, queues_per_bot: 1 };
        assert!(is_ours(&ObjectRef::Bot(staff.bot(12))));
        assert!(is_ours(&ObjectRef::Agent(staff.agent(123_456))));
        assert!(is_ours(&ObjectRef::Queue(staff.bot(0), "queue-07".into())));
        assert!(is_ours(&ObjectRef::Queue(staff.bot(0), "pull".into())));
        for other in [
            ObjectRef::Bot("shop".into()),
            ObjectRef::Bot("bot-".into()),
            ObjectRef::Agent("agent-ana".into()),
            ObjectRef::Queue("shop".into(), "pull".into()),
            ObjectRef::Queue(staff.bot(0), "sales".into()),
        ] {
            assert!(!is_ours(&other), "{other}");
        }
    }
}
