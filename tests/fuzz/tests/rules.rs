//! What compiled rules take: of the 48 bytes that the daemon's memory bound has for each byte of a rule
//! and for 64 more, 32 are for its compiled form.

use relevo_routing::rules::{Conditions, limits};

const FACTOR: u64 = 32;
const BESIDE_BYTES: usize = 64;

fn measure(name: &str, condition: impl Fn(usize) -> String) {
    let mut rules: Vec<(String, String)> = Vec::new();
    let mut bytes = 0;
    let mut literals = 0;
    for number in 0..limits::RULES {
        let text = condition(number);
        let of_texts: usize = text.split('"').skip(1).step_by(2).map(str::len).sum();
        if bytes + text.len() > limits::CONDITIONS_BYTES
            || literals + of_texts > limits::LITERALS_BYTES
        {
            break;
        }
        bytes += text.len();
        literals += of_texts;
        rules.push((number.to_string(), text));
    }
    let written = || rules.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let mut compiled = None;
    let info = allocation_counter::measure(|| {
        compiled = Some(Conditions::compile(written()).unwrap_or_else(|p| panic!("{name}: {p}")));
    });
    let held = u64::try_from(info.bytes_current).expect("it holds something");
    let of_all =
        (bytes + rules.iter().map(|(name, _)| name.len() + BESIDE_BYTES).sum::<usize>()) as u64;
    assert!(held <= FACTOR * of_all, "{name}: {held} bytes for {of_all}");
}

/// Digits that share no beginning with those of other numbers.
fn scattered(number: usize) -> String {
    format!("{:016x}", (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

#[test]
fn compiled_rules_take_at_most_what_the_memory_bound_counts() {
    measure("long texts", |number| {
        let text: String = (0..8).map(|part| scattered(number * 8 + part)).collect();
        format!("message contains \"{text}\"")
    });
    measure("short texts", |number| {
        let texts = (0..60).map(|part| format!("\"{}\"", &scattered(number * 60 + part)[..3]));
        format!("contact.f in [{}]", texts.collect::<Vec<_>>().join(","))
    });
    measure("one number again and again", |_| {
        format!("hour in [{}]", ["1"; limits::VALUES].join(","))
    });
    measure("two letters in many fields", |number| {
        let field = number % (limits::FIELDS - 1);
        let fold = if number % 2 == 0 { "" } else { " fold" };
        let text = |at: usize| {
            let at = number / limits::FIELDS * 100 + at;
            let letter = |at: usize| char::from(b'a' + u8::try_from(at % 26).expect("a letter"));
            format!("\"{}{}\"", letter(at / 26), letter(at))
        };
        let texts: Vec<String> = (0..100).map(text).collect();
        format!("contact.f{field} in [{}]{fold}", texts.join(","))
    });
    measure("parts of a letter in many fields", |number| {
        let field = number % (limits::FIELDS - 1);
        let text = |at: usize| char::from(b'a' + u8::try_from(at).expect("a letter"));
        let parts = (0..26).map(|at| format!("contact.f{field} contains \"{}\"", text(at)));
        parts.collect::<Vec<_>>().join(" or ")
    });
    measure("many comparisons", |number| {
        let parts = (0..100).map(|part| format!("context.f>{}", number * 100 + part));
        parts.collect::<Vec<_>>().join(" or ")
    });
    measure("short conditions", |number| {
        format!("message contains \"{}\"", &scattered(number)[..4])
    });
    measure("the shortest", |number| format!("hour<{}", number % 24));
    measure("nested", |number| format!("{}hour<{}", "not ".repeat(31), number % 24));
    measure("grouped", |number| {
        let group = format!("(hour<{0} or hour>{0})", number % 24);
        [group.as_str(); 60].join(" and ")
    });
}
