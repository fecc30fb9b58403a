//! Commands about the directory: what of them needs no routing state is judged here, for all changes
//! of a command together.

use std::collections::BTreeMap;

use relevo_journal::RECORD_BYTES_MAX;
use relevo_wire::Answer;
use relevo_wire::answer::DirectoryAnswer;
use relevo_wire::command::{Change, ListDirectory};
use relevo_wire::directory::{Object, ObjectRef};
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::ids::{RequestId, TenantId};
use relevo_wire::limits;

use super::Session;
use super::admin::{existing, is_operator};
use crate::publish::directory::Directories;
use crate::rules;
use crate::runtime::shared::Shared;
use crate::tenants::{OPERATORS, tenant_id};

/// What is wrong with which change.
pub(super) type Fault = (usize, WireError);

// Beside the changes stand the heads of their events, and what follows for tickets and credentials.
const _: () = assert!(2 * limits::CHANGES_BYTES <= RECORD_BYTES_MAX);
/// What an object of a page may take beside its own bytes: padding before its lists.
const BESIDE_BYTES: usize = 64;

/// The tenant of a command with these changes, if all of them may be made as far as no routing state
/// is needed to tell.
///
/// # Errors
/// The tenant is not the asker's to change.
pub(super) fn check(
    shared: &Shared,
    session: &Session,
    named: Option<&str>,
    changes: &[Change],
) -> Result<(TenantId, Vec<Fault>), WireError> {
    let tenant = tenant_of(shared, session, named, changes)?;
    let directories = shared.published.directories.load();
    let mut faults = of_other_tenants(tenant, changes);
    faults.extend(of_no_tenant(changes));
    check_rules(&directories, tenant, changes, &mut faults);
    check_room(shared, &directories, tenant, changes, &mut faults);
    faults.sort_by_key(|(at, _)| *at);
    Ok((tenant, faults))
}

/// A tenant is made by the first change of a command, and ended by its only one: then it is named by
/// that.
fn tenant_of(
    shared: &Shared,
    session: &Session,
    named: Option<&str>,
    changes: &[Change],
) -> Result<TenantId, WireError> {
    let Some(name) = changes.first().and_then(tenant_name) else {
        return existing(shared, session, named);
    };
    if name == OPERATORS {
        return Err(WireError::field(ErrorCode::Forbidden, "name", "the name is reserved"));
    }
    if let Some(named) = named.filter(|named| *named != name) {
        let message = format!("it is {named:?} here, and {name:?} in the first change");
        return Err(WireError::field(ErrorCode::Malformed, "tenant", message));
    }
    let tenant = tenant_id(name);
    if is_operator(session) || session.tenant == tenant {
        return Ok(tenant);
    }
    Err(WireError::new(ErrorCode::Forbidden, "only an operator makes or ends other tenants"))
}

fn tenant_name(change: &Change) -> Option<&str> {
    match change {
        Change::Put(put) => match &*put.object {
            Object::Tenant(tenant) => Some(&tenant.name),
            Object::Bot(_) | Object::Queue(_) | Object::Agent(_) => None,
        },
        Change::Delete(delete) => match &delete.object {
            ObjectRef::Tenant(name) => Some(name),
            ObjectRef::Bot(_) | ObjectRef::Queue(..) | ObjectRef::Agent(_) => None,
        },
    }
}

fn of_other_tenants(tenant: TenantId, changes: &[Change]) -> Vec<Fault> {
    let named = changes.iter().enumerate();
    let named = named.filter_map(|(at, change)| Some((at, tenant_name(change)?)));
    let others = named.filter(|(_, name)| tenant_id(name) != tenant);
    let fault = |(at, _)| {
        let message = "the changes of a command are of one tenant";
        (at, WireError::field(ErrorCode::Malformed, "object", message))
    };
    others.map(fault).collect()
}

/// What comes after the end of a tenant would be nobody's.
fn of_no_tenant(changes: &[Change]) -> Option<Fault> {
    let ends = |change: &Change| matches!(change, Change::Delete(delete) if matches!(delete.object, ObjectRef::Tenant(_)));
    let at = changes.iter().position(ends)? + 1;
    let message = "the change before it ends the tenant: that is the last one";
    (at < changes.len()).then(|| (at, WireError::field(ErrorCode::WrongState, "object", message)))
}

/// Are the rules of all bots whole, and is there room for them? What one bot gives up another may take.
fn check_rules(
    directories: &Directories,
    tenant: TenantId,
    changes: &[Change],
    faults: &mut Vec<Fault>,
) {
    let own = directories.tenant(tenant);
    let mut sizes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut last_grown = None;
    for (at, change) in changes.iter().enumerate() {
        let (name, bytes) = match change {
            Change::Put(put) => {
                let Object::Bot(bot) = &*put.object else { continue };
                if let Err(error) = rules::check(bot) {
                    faults.push((at, error));
                }
                (bot.name.as_str(), rules::bytes_of(bot))
            }
            Change::Delete(delete) => {
                let ObjectRef::Bot(name) = &delete.object else { continue };
                (name.as_str(), 0)
            }
        };
        let size = sizes.entry(name).or_insert_with(|| {
            let id = own.and_then(|own| own.bot_id(name));
            let before = directories.rule_bytes_of(tenant, id);
            (before, before)
        });
        if bytes > size.1 {
            last_grown = Some(at);
        }
        size.1 = bytes;
    }
    let Some(at) = last_grown else { return };
    let all = directories.rule_bytes();
    let before: usize = sizes.values().map(|(before, _)| before).sum();
    let after: usize = sizes.values().map(|(_, after)| after).sum();
    if let Err(error) = rules::check_room(before, after, all) {
        faults.push((at, error));
    }
}

/// Is there room in the directory for what is new?
fn check_room(
    shared: &Shared,
    directories: &Directories,
    tenant: TenantId,
    changes: &[Change],
    faults: &mut Vec<Fault>,
) {
    let own = directories.tenant(tenant);
    let was_there = |object: &ObjectRef| match object {
        ObjectRef::Tenant(_) => own.is_some(),
        ObjectRef::Bot(name) => own.is_some_and(|own| own.bot_id(name).is_some()),
        ObjectRef::Agent(name) => own.is_some_and(|own| own.agent_id(name).is_some()),
        ObjectRef::Queue(bot, name) => own.is_some_and(|own| {
            own.bot_id(bot).is_some_and(|bot| own.queue_id(bot, name).is_some())
        }),
    };
    let mut is_there: BTreeMap<String, bool> = BTreeMap::new();
    let (mut tenants, mut objects) = (directories.named(), directories.objects());
    for (at, change) in changes.iter().enumerate() {
        let (object, stays) = match change {
            Change::Put(put) => (put.object.reference(), true),
            Change::Delete(delete) => (delete.object.clone(), false),
        };
        let key = object.to_string();
        let before = is_there.get(&key).copied().unwrap_or_else(|| was_there(&object));
        is_there.insert(key, stays);
        // Numbers are never used again: what is deleted makes no room.
        if before || !stays {
            continue;
        }
        let (what, has, most) = match object {
            ObjectRef::Tenant(_) => ("tenants", &mut tenants, usize::from(shared.max_tenants)),
            ObjectRef::Bot(_) | ObjectRef::Agent(_) | ObjectRef::Queue(..) => {
                ("bots, queues and agents", &mut objects, shared.max_objects as usize)
            }
        };
        if *has >= most {
            let message = format!("at most {most} {what} in all");
            faults.push((at, WireError::field(ErrorCode::LimitExceeded, "object", message)));
            return;
        }
        *has += 1;
    }
}

/// A page of the directory: as many objects as an answer takes, and at least one.
pub(super) fn list(
    shared: &Shared,
    session: &Session,
    list: &ListDirectory,
) -> Result<Answer, WireError> {
    let tenant = existing(shared, session, list.tenant.as_deref())?;
    let directories = shared.published.directories.load();
    let Some(directory) = directories.tenant(tenant) else {
        return Err(WireError::field(ErrorCode::NotFound, "tenant", "the tenant was deleted"));
    };
    let length = |answer: &DirectoryAnswer| {
        let mut out = Vec::new();
        session.codec.write_answer(&mut out, RequestId(0), &Answer::Directory(answer.clone()));
        out.len()
    };
    let after = list.after.unwrap_or(0);
    let mut page =
        DirectoryAnswer { version: directory.version(), objects: Vec::new(), next: None };
    let mut bytes = length(&page);
    for object in directory.objects_after(after as usize) {
        let alone =
            DirectoryAnswer { version: page.version, objects: vec![object], next: Some(after) };
        let more = length(&alone) + BESIDE_BYTES;
        if !page.objects.is_empty() && bytes + more > limits::PAGE_BYTES {
            let count = u32::try_from(page.objects.len()).unwrap_or(u32::MAX);
            page.next = Some(after.saturating_add(count));
            break;
        }
        if more > limits::SERVER_FRAME_BYTES {
            let name = alone.objects[0].object.reference();
            let message = format!(
                "{name} has {more} bytes, and one answer at most {}",
                limits::SERVER_FRAME_BYTES
            );
            return Err(WireError::new(ErrorCode::LimitExceeded, message));
        }
        bytes += more;
        page.objects.extend(alone.objects);
    }
    Ok(Answer::Directory(page))
}

#[cfg(test)]
mod tests {
    use super::*;
    use relevo_routing::Event;
    use relevo_routing::directory::Directory;
    use relevo_routing::event::ObjectPut;
    use relevo_wire::command::{DeleteChange, PutChange};
    use relevo_wire::directory::{Agent, Bot, Rule, Tenant};

    fn put(object: Object) -> Change {
        Change::Put(PutChange { object: Box::new(object), if_version: None })
    }

    fn delete(object: ObjectRef) -> Change {
        Change::Delete(DeleteChange { object, if_version: None })
    }

    fn tenant(name: &str) -> Object {
        Object::Tenant(Tenant::new(name))
    }

    /// A bot whose rules count so many KiB.
    fn bot(name: &str, kib: usize) -> Object {
        let rule = |number| {
            let name = format!("r{number:03}");
            let when = format!("{:<1$}", "hour > 1", 1024 - 64 - name.len());
            Rule::new(name, when)
        };
        Object::Bot(Bot { rules: (0..kib).map(rule).collect(), ..Bot::new(name, "q") })
    }

    fn at(faults: &[Fault]) -> Vec<(usize, ErrorCode)> {
        faults.iter().map(|(at, error)| (*at, error.code)).collect()
    }

    #[test]
    fn changes_are_of_one_tenant_and_its_end_is_the_last() {
        let acme = tenant_id("acme");
        let end = || delete(ObjectRef::Tenant("acme".into()));
        let agent = || put(Object::Agent(Agent::new("ana", 1)));
        let mixed = [put(tenant("acme")), agent(), put(tenant("blue")), end()];
        assert_eq!(at(&of_other_tenants(acme, &mixed)), [(2, ErrorCode::Malformed)]);
        assert!(of_no_tenant(&mixed).is_none());
        let beyond = of_no_tenant(&[end(), agent()]);
        assert_eq!(at(beyond.as_slice()), [(1, ErrorCode::WrongState)]);
    }

    #[test]
    fn rules_of_all_bots_of_a_command_are_counted_together() {
        let (acme, most) = (tenant_id("acme"), rules::ALL_BYTES / 1024);
        let mut directory = Directory::default();
        let bots = (0..8).map(|number| bot(&format!("b{number}"), most / 8 - 1));
        for (id, object) in (0..).zip(bots) {
            let version = u64::from(id) + 1;
            directory.apply(&Event::ObjectPut(ObjectPut { version, id, object: Box::new(object) }));
        }
        let mut directories = Directories::default();
        directories.insert(acme, directory);
        let faults = |changes: &[Change]| {
            let mut faults = Vec::new();
            check_rules(&directories, acme, changes, &mut faults);
            at(&faults)
        };
        // Eight are left: each of two fits, and both do not.
        let (one, two) = (put(bot("one", 5)), put(bot("two", 5)));
        assert_eq!(faults(std::slice::from_ref(&one)), []);
        let both = [one.clone(), two.clone()];
        assert_eq!(faults(&both), [(1, ErrorCode::LimitExceeded)]);
        // What one gives up another may take, whoever comes first.
        let smaller = put(bot("b0", most / 8 - 3));
        assert_eq!(faults(&[one.clone(), two.clone(), smaller.clone()]), []);
        assert_eq!(faults(&[smaller, one.clone(), two.clone()]), []);
        assert_eq!(faults(&[one.clone(), two, delete(ObjectRef::Bot("b0".into()))]), []);
        // A bot that is put twice counts once.
        assert_eq!(faults(&[put(bot("one", 8)), one.clone(), put(bot("one", 8))]), []);
        let mut broken = Bot::new("broken", "q");
        broken.time_zone = "Mars/Base".into();
        let wrong = [one, put(Object::Bot(broken))];
        assert_eq!(faults(&wrong), [(1, ErrorCode::Malformed)]);
    }
}
