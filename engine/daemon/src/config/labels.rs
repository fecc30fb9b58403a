//! Labels of a queue: `labels = { city = "Lima", cost-center = "4711" }`.

use super::reader::{Section, shown};
use relevo_wire::limits;

/// In rising order of their names.
pub(super) fn read(queue: &Section<'_>) -> Vec<(String, String)> {
    let found = queue.located_pairs("labels");
    if let Some((beyond, _)) = found.get(limits::LABELS) {
        let what = format!("labels has {} entries", found.len());
        queue.problem(&beyond.span, what, format!("at most {}", limits::LABELS));
    }
    let mut labels = Vec::new();
    for (name, value) in found {
        let right = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_name = (1..=limits::NAME_BYTES).contains(&name.value.len());
        if !is_name || !name.value.bytes().all(right) {
            let what = format!("{:?} is no name of a label", shown(&name.value));
            let most = limits::NAME_BYTES;
            queue.problem(&name.span, what, format!("write 1 to {most} of a-z A-Z 0-9 . _ -"));
        }
        if value.value.len() > limits::LABEL_BYTES {
            let what = format!("the label {} has {} bytes", shown(&name.value), value.value.len());
            queue.problem(&value.span, what, format!("at most {}", limits::LABEL_BYTES));
        }
        labels.push((name.value, value.value));
    }
    labels.sort_unstable();
    labels
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use relevo_wire::directory::Object;
    use std::path::Path;

    fn file(labels: &str) -> String {
        format!(
            "[[tenant]]\nname = \"acme\"\n[[bot]]\nname = \"web\"\ndefault_queue = \"help\"\n\
             [[queue]]\nbot = \"web\"\nname = \"help\"\nlabels = {labels}\n"
        )
    }

    fn problems(labels: &str) -> Vec<String> {
        let problems = Config::parse(&file(labels), Path::new("f")).expect_err(labels).0;
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn labels_are_read_in_the_order_of_their_names_and_written_again() {
        let text = file("{ team = \"ventas\", city = \"Lima\" }");
        let config = Config::parse(&text, Path::new("relevo.toml")).expect("it is right");
        let Some(Object::Queue(queue)) = config.directory.objects.last().map(|seed| &seed.object)
        else {
            panic!("the queue is last")
        };
        let expected = [("city", "Lima"), ("team", "ventas")];
        assert_eq!(queue.labels, expected.map(|(name, value)| (name.into(), value.into())));
        let written = crate::config::effective_document(&config);
        assert_eq!(Config::parse(&written, Path::new("f")).expect(&written), config, "{written}");
    }

    #[test]
    fn what_is_no_label_is_told_at_its_place() {
        let found = problems("{ \"two words\" = \"x\" }");
        assert!(found[0].contains("\"two words\" is no name of a label"), "{found:?}");
        let found = problems(&format!("{{ city = \"{}\" }}", "x".repeat(129)));
        assert!(found[0].contains("the label city has 129 bytes"), "{found:?}");
        let many: Vec<String> = (0..33).map(|at| format!("l{at} = \"x\"")).collect();
        let found = problems(&format!("{{ {} }}", many.join(", ")));
        assert!(found[0].contains("labels has 33 entries"), "{found:?}");
    }
}
