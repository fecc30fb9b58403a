//! More in the directory than the limits allow: what is put into a running daemon is refused for it, and a
//! first start that came to it would end there.

use super::Limits;
use super::directory::{Entry, Found};
use super::problem::Report;
use std::ops::Range;

/// Notes the first tenant and the first other object beyond the limits, in the order of the file.
pub(super) fn check(found: &Found, limits: &Limits, report: &Report<'_>) {
    let most = usize::from(limits.max_tenants);
    beyond(names(&found.tenants).collect(), most, "tenants", "max_tenants", report);
    let objects = names(&found.bots).chain(names(&found.queues)).chain(names(&found.agents));
    let most = limits.max_objects as usize;
    beyond(objects.collect(), most, "bots, queues and agents", "max_objects", report);
}

fn names<T>(entries: &[Entry<T>]) -> impl Iterator<Item = &Range<usize>> {
    entries.iter().map(|entry| &entry.places.name)
}

fn beyond(
    mut names: Vec<&Range<usize>>,
    most: usize,
    kind: &str,
    limit: &str,
    report: &Report<'_>,
) {
    names.sort_unstable_by_key(|name| name.start);
    let Some(first) = names.get(most) else { return };
    let count = names.len();
    report.add(
        first,
        format!("the directory has {count} {kind}, and {limit} is {most}"),
        format!("leave some out, or write at least {count} in [limits] of the configuration"),
    );
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Problem};
    use std::fs;
    use std::path::Path;

    fn problems(text: &str, file: &Path) -> Vec<String> {
        let problems = Config::parse(text, file).expect_err(text).0;
        problems.iter().map(Problem::to_string).collect()
    }

    fn named(kind: &str, numbers: std::ops::Range<u32>) -> String {
        let rest = if kind == "bot" { "default_queue = \"q\"\n" } else { "" };
        let table = |number| format!("[[{kind}]]\nname = \"{kind}{number}\"\n{rest}");
        numbers.map(table).collect()
    }

    #[test]
    fn a_directory_with_more_than_the_limits_allow_is_refused_at_the_first_beyond() {
        let tenants = format!("[limits]\nmax_tenants = 2\n{}", named("tenant", 0..4));
        let said = "f:8:8: the directory has 4 tenants, and max_tenants is 2";
        let right = "leave some out, or write at least 4 in [limits] of the configuration";
        assert_eq!(problems(&tenants, Path::new("f")), [format!("{said}; {right}")]);
        let queue = "[[queue]]\nbot = \"bot0\"\nname = \"q\"\n";
        let text = |agents| {
            let (tenant, bot) = (named("tenant", 0..1), named("bot", 0..1));
            format!("[limits]\nmax_objects = 100\n{tenant}{queue}{bot}{}", named("agent", agents))
        };
        Config::parse(&text(0..98), Path::new("f")).expect("as many as there may be");
        let said = "f:208:8: the directory has 101 bots, queues and agents, and max_objects is 100";
        let right = "leave some out, or write at least 101 in [limits] of the configuration";
        assert_eq!(problems(&text(0..99), Path::new("f")), [format!("{said}; {right}")]);
    }

    #[test]
    fn so_is_one_in_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("people.toml"), named("tenant", 0..5)).unwrap();
        let file = folder.path().join("relevo.toml");
        let found = problems("[directory]\nfile = \"people.toml\"\n", &file);
        let said = "people.toml:10:8: the directory has 5 tenants, and max_tenants is 4;";
        assert!(found[0].contains(said) && found.len() == 1, "{found:?}");
    }
}
