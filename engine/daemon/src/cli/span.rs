//! Lengths of time as people write them: 90s, 5m, 2h.

use jiff::SignedDuration;

/// As much as a number and its unit say; none where they are something else.
pub(super) fn read(text: &str) -> Option<SignedDuration> {
    let (at, unit) = text.char_indices().next_back()?;
    let count: i64 = text[..at].parse().ok()?;
    let seconds = match unit {
        's' => Some(count),
        'm' => count.checked_mul(60),
        'h' => count.checked_mul(3_600),
        _ => None,
    };
    seconds.map(SignedDuration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_has_a_number_and_a_unit() {
        for (text, seconds) in [("90s", 90), ("5m", 300), ("2h", 7_200)] {
            assert_eq!(read(text), Some(SignedDuration::from_secs(seconds)), "{text}");
        }
        for text in ["", "s", "90", "5d", "1.5h", "h2", "9223372036854775807h"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
