//! What a campaign came to: a row for each attack, and whether all held.

use super::bystanders::Noticed;
use super::process::Held;
use super::tally::Tally;
use std::fmt::Write;
use std::time::Duration;

/// An attack may make a bystander's 99th percentile so many times what it is in the calm.
const SLOWER: u32 = 3;

/// One attack, and the calm beside it.
#[derive(Debug, Clone)]
pub struct Row {
    /// Which attack.
    pub attack: &'static str,
    /// What it did and was answered.
    pub tally: Tally,
    /// Most resident memory of the daemon during the attack, in bytes.
    pub peak_bytes: u64,
    /// What the daemon says that it never exceeds, in bytes.
    pub bound_bytes: u64,
    /// What the bystanders noticed while an equally busy process sent nothing.
    pub calm: Noticed,
    /// What they noticed of the attack.
    pub attacked: Noticed,
    /// What the daemon held before the attack, and what after it.
    pub held: (Held, Held),
}

impl Row {
    /// Everything that is wrong.
    #[must_use]
    pub fn wrong(&self) -> Vec<String> {
        let mut wrong = self.tally.violations.clone();
        let more = self.tally.violated - wrong.len() as u64;
        if more > 0 {
            wrong.push(format!("and {more} more of the kind"));
        }
        if self.tally.connections == 0 {
            wrong.push("there was no attack: it shows nothing".into());
        }
        if self.peak_bytes > self.bound_bytes {
            wrong.push(format!("{} MiB are above the bound", mib(self.peak_bytes)));
        }
        if self.held.0 != self.held.1 {
            wrong.push(format!("{:?} before, {:?} after", self.held.0, self.held.1));
        }
        wrong.extend(self.attacked.wrong.iter().map(|what| format!("beside the attack: {what}")));
        wrong.extend(self.calm.wrong.iter().map(|what| format!("in the calm: {what}")));
        let flows = [
            ("hand-offs", self.calm.hand_offs, self.attacked.hand_offs),
            ("messages", self.calm.messages, self.attacked.messages),
        ];
        for (flow, calm, attacked) in flows {
            if calm.samples == 0 || attacked.samples == 0 {
                wrong.push(format!("{flow}: nothing was measured"));
            } else if attacked.p99 > calm.p99 * SLOWER {
                wrong.push(format!(
                    "{flow}: p99 {} ms, calm {} ms",
                    ms(attacked.p99),
                    ms(calm.p99)
                ));
            }
        }
        wrong
    }

    /// The row of the table, and under it what is wrong.
    #[must_use]
    pub fn text(&self) -> String {
        let wrong = self.wrong();
        let p99 = |noticed: &Noticed| {
            let Noticed { hand_offs, messages, newcomers, .. } = noticed;
            format!("{} / {} / {}", ms(hand_offs.p99), ms(messages.p99), ms(newcomers.p99))
        };
        let mut text = format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            self.attack,
            self.tally.connections,
            self.tally.frames,
            self.tally.bytes,
            self.tally.answered(),
            mib(self.peak_bytes),
            p99(&self.calm),
            p99(&self.attacked),
            if wrong.is_empty() { "held" } else { "FAILED" },
        );
        for wrong in wrong {
            // Writing into a string cannot fail.
            let _ = write!(text, "\n  {wrong}");
        }
        text
    }
}

/// The head of the table.
#[must_use]
pub fn head(bound_bytes: u64) -> String {
    format!(
        "the daemon's memory bound: {} MiB; p99 in ms: hand-off to assigned / message to the other \
         side / newcomer to welcome\n\
         | attack | connections | frames | bytes | the daemon answered | peak MiB | p99 calm | \
         p99 attacked | verdict |\n|---|---|---|---|---|---|---|---|---|",
        mib(bound_bytes)
    )
}

fn mib(bytes: u64) -> u64 {
    bytes.div_ceil(1024 * 1024)
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::super::bystanders::Quantile;
    use super::*;

    fn noticed(p99_ms: u64) -> Noticed {
        let quantile = Quantile { samples: 100, p99: Duration::from_millis(p99_ms) };
        Noticed { hand_offs: quantile, messages: quantile, newcomers: quantile, wrong: Vec::new() }
    }

    fn sound() -> Row {
        let held = Held { descriptors: 20, sessions: 2 };
        Row {
            attack: "none",
            tally: Tally { connections: 1, ..Tally::default() },
            peak_bytes: 10,
            bound_bytes: 10,
            calm: noticed(2),
            attacked: noticed(6),
            held: (held, held),
        }
    }

    #[test]
    fn each_thing_that_must_hold_is_looked_at() {
        assert_eq!(sound().wrong(), [""; 0]);
        type Change = fn(&mut Row);
        let faults: [(&str, Change); 7] = [
            ("no attack", |row| row.tally.connections = 0),
            ("the attack says what is wrong", |row| {
                row.tally.violations.push("x".into());
                row.tally.violated = 1;
            }),
            ("memory above the bound", |row| row.peak_bytes = 11),
            ("a descriptor that stays", |row| row.held.1.descriptors += 1),
            ("a session that stays", |row| row.held.1.sessions += 1),
            ("slower than three times", |row| row.attacked = noticed(7)),
            ("nothing measured", |row| row.calm.messages.samples = 0),
        ];
        for (fault, change) in faults {
            let mut row = sound();
            change(&mut row);
            assert!(!row.wrong().is_empty(), "{fault}");
        }
    }
}
