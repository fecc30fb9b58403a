//! Decimal numbers, exact: a document number of 20 digits is not its neighbour.

use std::fmt;

/// Digits before the point.
const WHOLE_DIGITS: usize = 20;
/// Digits behind the point.
const FRACTION_DIGITS: usize = 18;
/// `10^FRACTION_DIGITS`.
const ONE: u128 = 10_u128.pow(18);

/// A number with at most 20 digits before and 18 behind the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i128);

// The greatest number fits.
const _: () = assert!(10_u128.pow(38) < i128::MAX as u128);

impl Decimal {
    /// Reads `-12`, `12.5` or `+12`: digits, then perhaps a point and digits. Nothing else is a number:
    /// no comma, since `1,234` is one number in Lima and another in Madrid, and no exponent.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (digits, ""),
        };
        let is_short = whole.len() <= WHOLE_DIGITS && fraction.len() <= FRACTION_DIGITS;
        let all_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_short || !all_digits {
            return None;
        }
        let zeros = std::iter::repeat_n(b'0', FRACTION_DIGITS - fraction.len());
        let size = whole
            .bytes()
            .chain(fraction.bytes())
            .chain(zeros)
            .fold(0_i128, |number, digit| number * 10 + i128::from(digit - b'0'));
        Some(Self(if is_negative { -size } else { size }))
    }

    /// The number, where it is a whole one that fits.
    #[must_use]
    pub fn whole(self) -> Option<i64> {
        let one = i128::try_from(ONE).expect("it has 19 digits");
        (self.0 % one == 0).then(|| i64::try_from(self.0 / one).ok()).flatten()
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) = (self.0.unsigned_abs() / ONE, self.0.unsigned_abs() % ONE);
        write!(f, "{sign}{whole}")?;
        if fraction > 0 {
            let digits = format!("{fraction:0width$}", width = FRACTION_DIGITS);
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_number() {
        let shown = |text| Decimal::parse(text).map(|number| number.to_string());
        for (text, number) in [
            ("0", "0"),
            ("-0.0", "0"),
            ("+7", "7"),
            ("007.50", "7.5"),
            ("-12.000000000000000001", "-12.000000000000000001"),
            ("99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(number), "{text}");
        }
        for text in
            ["", "-", ".", "1.", ".5", "1,5", "1e5", "inf", "NaN", "--1", "1 2", "١", "1.2.3"]
        {
            assert_eq!(shown(text), None, "{text}");
        }
        assert_eq!(shown("100000000000000000000"), None, "21 digits");
        assert_eq!(shown("1.0000000000000000001"), None, "19 digits behind the point");
    }

    #[test]
    fn numbers_stand_in_their_order() {
        let sorted = ["-2", "-1.5", "0", "0.000000000000000001", "9", "10", "10.5"];
        let numbers: Vec<Decimal> = sorted.iter().filter_map(|text| Decimal::parse(text)).collect();
        assert_eq!(numbers.len(), sorted.len());
        assert!(numbers.is_sorted_by(|a, b| a < b));
        assert_eq!(Decimal::parse("23.0").and_then(Decimal::whole), Some(23));
        assert_eq!(Decimal::parse("23.5").and_then(Decimal::whole), None);
    }
}
