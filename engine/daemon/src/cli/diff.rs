//! What it takes to bring a directory to what a file says: lines for a reader, changes for the daemon.

use relevo_wire::command::{Change, DeleteChange, PutChange};
use relevo_wire::directory::{Object, ObjectRef, Queue, Versioned};
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// Objects that stay though the file does not name them, of which each is shown; the rest is counted.
const KEPT_SHOWN: usize = 20;
/// Longest value that is shown whole, in characters.
const VALUE_CHARS: usize = 40;
/// Names of a list that are shown; the rest is counted.
const NAMES_SHOWN: usize = 5;

/// What it takes.
#[derive(Debug, Default)]
pub(super) struct Diff {
    /// What there is to tell of each object that is not as the file says.
    pub(super) lines: Vec<String>,
    /// In an order in which each may name what those before it made.
    pub(super) changes: Vec<Change>,
    pub(super) created: usize,
    pub(super) changed: usize,
    pub(super) deleted: usize,
    unchanged: usize,
    kept: Vec<ObjectRef>,
}

impl Diff {
    /// From what there is to what is wanted; what is not wanted is deleted with `prune` alone. With
    /// `guard` every change holds for the version that is listed only.
    pub(super) fn between(
        listed: &[Versioned<Object>],
        wanted: &[&Object],
        prune: bool,
        guard: bool,
    ) -> Self {
        let mut diff = Self::default();
        let by_name: BTreeMap<String, &Versioned<Object>> =
            listed.iter().map(|stored| (name(&stored.object), stored)).collect();
        let if_version = |stored: Option<&Versioned<Object>>| {
            guard.then_some(stored.map_or(0, |stored| stored.version))
        };
        for &object in wanted {
            let stored = by_name.get(&name(object)).copied();
            match stored {
                Some(stored) if stored.object == *object => {
                    diff.unchanged += 1;
                    continue;
                }
                Some(stored) => {
                    diff.changed += 1;
                    let fields = fields(&stored.object, object).join(", ");
                    diff.lines.push(format!("~ {}: {fields}", name(object)));
                }
                None => {
                    diff.created += 1;
                    diff.lines.push(format!("+ {}", name(object)));
                }
            }
            let put =
                PutChange { object: Box::new(object.clone()), if_version: if_version(stored) };
            diff.changes.push(Change::Put(put));
        }
        let names: BTreeSet<String> = wanted.iter().map(|object| name(object)).collect();
        let others = listed.iter().filter(|stored| !names.contains(&name(&stored.object)));
        // The tenant itself goes with `directory delete` alone.
        let others = others.filter(|stored| !matches!(stored.object, Object::Tenant(_)));
        let mut others: Vec<&Versioned<Object>> = others.collect();
        if !prune {
            diff.kept = others.iter().map(|stored| stored.object.reference()).collect();
            return diff;
        }
        // Queues before what they name.
        others.sort_by_key(|stored| !matches!(stored.object, Object::Queue(_)));
        let freed: Vec<bool> = others.iter().map(|stored| diff.free(stored, guard)).collect();
        for (stored, freed) in others.into_iter().zip(freed) {
            diff.deleted += 1;
            let object = stored.object.reference();
            diff.lines.push(format!("- {object}"));
            // Of what was put before, the version is that of this step.
            let if_version = if_version(Some(stored)).filter(|_| !freed);
            diff.changes.push(Change::Delete(DeleteChange { object, if_version }));
        }
        diff
    }

    /// A queue that somebody serves or that another one overflows to is not deleted: it names nobody
    /// any more first, in the same step. Was there anything to put?
    fn free(&mut self, stored: &Versioned<Object>, guard: bool) -> bool {
        let Object::Queue(queue) = &stored.object else { return false };
        if queue.members.is_empty() && queue.overflow.is_none() {
            return false;
        }
        let queue = Queue { members: Vec::new(), overflow: None, ..queue.clone() };
        let if_version = guard.then_some(stored.version);
        self.changes
            .push(Change::Put(PutChange { object: Box::new(Object::Queue(queue)), if_version }));
        true
    }

    /// The lines, and what stays as it is.
    pub(super) fn told(&self) -> Vec<String> {
        let mut told = self.lines.clone();
        let shown = self.kept.iter().take(KEPT_SHOWN);
        told.extend(shown.map(|object| format!(". {object}: not in the file, kept")));
        if self.kept.len() > KEPT_SHOWN {
            told.push(format!(". {} more: not in the file, kept", self.kept.len() - KEPT_SHOWN));
        }
        if self.unchanged > 0 {
            told.push(format!("= {} unchanged", self.unchanged));
        }
        told
    }
}

fn name(object: &Object) -> String {
    object.reference().to_string()
}

/// `seats 3 -> 4` for each field that differs.
fn fields(old: &Object, new: &Object) -> Vec<String> {
    let mut found = Vec::new();
    compare("", &table(old), &table(new), &mut found);
    found
}

fn table(object: &Object) -> Table {
    let table = match object {
        Object::Tenant(tenant) => Table::try_from(tenant),
        Object::Bot(bot) => Table::try_from(bot),
        Object::Queue(queue) => Table::try_from(queue),
        Object::Agent(agent) => Table::try_from(agent),
    };
    table.expect("directory objects are tables of plain values")
}

fn compare(prefix: &str, old: &Table, new: &Table, found: &mut Vec<String>) {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let (old, new) = (old.get(key), new.get(key));
        if old == new {
            continue;
        }
        // A table that one of them lacks is told key by key too.
        let nothing = Table::new();
        let (before, after) = (old.map(Value::as_table), new.map(Value::as_table));
        if let (Some(before), Some(after)) =
            (before.unwrap_or(Some(&nothing)), after.unwrap_or(Some(&nothing)))
        {
            compare(&format!("{prefix}{key}."), before, after, found);
            continue;
        }
        let empty = Vec::new();
        let list = |value: Option<&Value>| value.is_none_or(Value::is_array);
        let said = if list(old) && list(new) {
            let list =
                |value: Option<&Value>| value.and_then(Value::as_array).unwrap_or(&empty).clone();
            lists(&list(old), &list(new))
        } else {
            format!("{} -> {}", shown(old), shown(new))
        };
        found.push(format!("{prefix}{key} {said}"));
    }
}

/// Which names come, go, and say something else.
fn lists(old: &[Value], new: &[Value]) -> String {
    let by_name = |list: &[Value]| -> BTreeMap<String, Value> {
        list.iter().map(|entry| (entry_name(entry), entry.clone())).collect()
    };
    let (before, after) = (by_name(old), by_name(new));
    let mut parts = Vec::new();
    for (name, entry) in &after {
        match before.get(name) {
            None => parts.push(format!("+{name}")),
            Some(old) if old != entry => parts.push(format!("~{name}")),
            Some(_) => {}
        }
    }
    parts.extend(
        before.keys().filter(|name| !after.contains_key(*name)).map(|name| format!("-{name}")),
    );
    if parts.is_empty() {
        return "in another order".to_owned();
    }
    if parts.len() > NAMES_SHOWN {
        let rest = parts.len() - NAMES_SHOWN;
        parts.truncate(NAMES_SHOWN);
        parts.push(format!("and {rest} more"));
    }
    parts.join(" ")
}

/// What an entry of a list is called: itself, its name, or that of its agent.
fn entry_name(entry: &Value) -> String {
    let name = |table: &Table| table.get("name").or_else(|| table.get("agent")).cloned();
    let named = entry.as_table().and_then(name);
    let named = named.as_ref().unwrap_or(entry);
    named.as_str().map_or_else(|| shown(Some(named)), short)
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => "none".to_owned(),
        Some(value) => short(&value.to_string().replace('\n', " ")),
    }
}

fn short(text: &str) -> String {
    if text.chars().count() <= VALUE_CHARS {
        return text.to_owned();
    }
    text.chars().take(VALUE_CHARS).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use relevo_wire::directory::{Agent, Bot, Overflow, Rule, Tenant};
    use relevo_wire::vocabulary::{Language, Text};

    fn at(version: u64, object: Object) -> Versioned<Object> {
        Versioned { version, object }
    }

    fn agent(name: &str, seats: u16) -> Object {
        Object::Agent(Agent::new(name, seats))
    }

    fn queue(members: &[&str]) -> Queue {
        let members = members.iter().map(|member| (*member).into()).collect();
        Queue { members, ..Queue::new("web", "help") }
    }

    #[test]
    fn what_is_new_other_gone_and_the_same_is_told_and_guarded() {
        let listed = [
            at(1, Object::Tenant(Tenant::new("acme"))),
            at(2, agent("ana", 3)),
            at(3, agent("old", 1)),
            at(4, agent("same", 1)),
            at(5, Object::Queue(queue(&["old"]))),
        ];
        let wanted = [agent("ana", 4), agent("same", 1), agent("new", 1)];
        let wanted: Vec<&Object> = wanted.iter().collect();
        let kept = Diff::between(&listed, &wanted, false, true);
        let told = [
            "~ agent ana: seats 3 -> 4",
            "+ agent new",
            ". agent old: not in the file, kept",
            ". queue web/help: not in the file, kept",
            "= 1 unchanged",
        ];
        assert_eq!(kept.told(), told);
        let put =
            |object, if_version| Change::Put(PutChange { object: Box::new(object), if_version });
        let puts = [put(agent("ana", 4), Some(2)), put(agent("new", 1), Some(0))];
        assert_eq!(kept.changes, puts);
        let unguarded = Diff::between(&listed, &wanted, false, false);
        assert_eq!(unguarded.changes, [put(agent("ana", 4), None), put(agent("new", 1), None)]);

        let pruned = Diff::between(&listed, &wanted, true, true);
        let told = [
            "~ agent ana: seats 3 -> 4",
            "+ agent new",
            "- queue web/help",
            "- agent old",
            "= 1 unchanged",
        ];
        assert_eq!(pruned.told(), told);
        let delete = |object, if_version| Change::Delete(DeleteChange { object, if_version });
        let changes = [
            puts[0].clone(),
            puts[1].clone(),
            put(Object::Queue(queue(&[])), Some(5)),
            delete(ObjectRef::Queue("web".into(), "help".into()), None),
            delete(ObjectRef::Agent("old".into()), Some(3)),
        ];
        assert_eq!(pruned.changes, changes);
        assert_eq!((pruned.created, pruned.changed, pruned.deleted), (1, 1, 2));
    }

    #[test]
    fn queues_of_a_chain_are_deleted_when_none_of_them_names_another() {
        let named = |name: &str, to: Option<&str>| {
            let overflow = to.map(Overflow::new);
            Object::Queue(Queue { overflow, ..Queue::new("web", name) })
        };
        let listed = [at(1, named("last", None)), at(2, named("first", Some("last")))];
        let pruned = Diff::between(&listed, &[], true, true);
        let delete = |name: &str, if_version| {
            let object = ObjectRef::Queue("web".into(), name.into());
            Change::Delete(DeleteChange { object, if_version })
        };
        let freed = PutChange { object: Box::new(named("first", None)), if_version: Some(2) };
        let changes = [Change::Put(freed), delete("last", Some(1)), delete("first", None)];
        assert_eq!(pruned.changes, changes);
    }

    #[test]
    fn each_field_that_differs_is_told_with_both_values() {
        let told = |old: &Object, new: &Object| fields(old, new).join(", ");
        let mut other = queue(&["bea", "carl"]);
        other.texts.set(None, Text::Online, "x".repeat(100));
        other.texts.set(Some(Language::Es), Text::Full, "no".into());
        other.transfer_targets = Some(vec!["a".into()]);
        let said = told(&Object::Queue(queue(&["ana", "bea"])), &Object::Queue(other));
        let online = format!("\"{}…", "x".repeat(VALUE_CHARS - 1));
        assert!(said.starts_with("members +carl -ana, texts.es.full "), "{said}");
        let texts = format!("texts.es.full none -> \"no\", texts.online none -> {online}, ");
        assert!(said.contains(&format!("{texts}transfer_targets +a")), "{said}");
        let order = told(&Object::Queue(queue(&["a", "b"])), &Object::Queue(queue(&["b", "a"])));
        assert_eq!(order, "members in another order");
        let mut late = queue(&["ana", "bea"]);
        late.members[1].delay_seconds = 30;
        let said = told(&Object::Queue(queue(&["ana", "bea"])), &Object::Queue(late));
        assert_eq!(said, "members ~bea");
        let many: Vec<String> = (0..9).map(|number| format!("m{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let said = told(&Object::Queue(queue(&[])), &Object::Queue(queue(&many)));
        assert_eq!(said, "members +m0 +m1 +m2 +m3 +m4 and 4 more");
        let rule = |name: &str, when: &str| Rule::new(name, when);
        let bot = |rules, seats_per_agent| {
            Object::Bot(Bot { rules, seats_per_agent, ..Bot::new("web", "help") })
        };
        let old = bot(vec![rule("a", "x"), rule("b", "x")], None);
        let new = bot(vec![rule("b", "y"), rule("c", "x")], Some(2));
        assert_eq!(told(&old, &new), "rules ~b +c -a, seats_per_agent none -> 2");
    }
}
