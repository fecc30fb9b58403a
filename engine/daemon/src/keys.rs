//! Credentials: how a key looks, how one is made, and how one is recognised.
//!
//! A key is `rlv_ROLE_PREFIX_SECRET`. Prefix (12 characters, 60 bits) is public: it finds the stored
//! credential and stands in lists. The secret has 256 bits. Only the SHA-256 of the whole key is
//! stored; with 256 random bits in it a slow hash would add nothing. The key itself is shown once
//! and never logged.

use relevo_wire::vocabulary::Role;
use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt;
use std::hint::black_box;
use std::str::FromStr;

/// How every key begins.
pub(crate) const MARK: &str = "rlv_";
/// Characters of the public part.
pub const PREFIX_CHARACTERS: usize = 12;
/// Characters of the secret part: 256 bits, five a character.
const SECRET_CHARACTERS: usize = 52;
/// Digits of five bits each (RFC 4648 base32, lower case): no character that ends a double click.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Every role that a key may have.
const ROLES: [Role; 4] = [Role::Bot, Role::Agent, Role::Admin, Role::Operator];

/// A whole key, secret included. `Debug` shows its public part only.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    text: String,
    role: Role,
}

/// A text is no key. Says what would be right and nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It does not begin as a key.
    #[error("a key begins with rlv_bot_, rlv_agent_, rlv_admin_ or rlv_operator_")]
    Role,
    /// Its public part is wrong.
    #[error("a key has 12 characters of a-z 2-7 after its role")]
    Prefix,
    /// Its secret part is wrong: often the key was cut when it was copied.
    #[error("a key ends with 52 characters of a-z 2-7")]
    Secret,
}

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandomness;

impl Key {
    /// Makes a new key from the system's randomness.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn generate(role: Role) -> Result<Self, NoRandomness> {
        let mut bytes = [0; PREFIX_CHARACTERS + SECRET_CHARACTERS];
        SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
        // 256 is a multiple of 32: each character is equally likely.
        let digits: String =
            bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
        let (prefix, secret) = digits.split_at(PREFIX_CHARACTERS);
        Ok(Self { text: format!("rlv_{}_{prefix}_{secret}", role.name()), role })
    }

    /// What it may be used for, by its own word: the stored credential decides.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The public part: finds the stored credential.
    #[must_use]
    pub fn prefix(&self) -> &str {
        let start = "rlv__".len() + self.role.name().len();
        &self.text[start..start + PREFIX_CHARACTERS]
    }

    /// SHA-256 of the whole key: what is stored.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        let digest = digest::digest(&digest::SHA256, self.text.as_bytes());
        digest.as_ref().try_into().expect("a SHA-256 has 32 bytes")
    }

    /// Is this the key whose hash is stored? Takes the same time for every answer.
    #[must_use]
    pub fn matches(&self, stored: &[u8; 32]) -> bool {
        let differing =
            self.sha256().iter().zip(stored).fold(0, |bits, (ours, theirs)| bits | (ours ^ theirs));
        black_box(differing) == 0
    }

    /// The whole key, to be shown once to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.split('_');
        let role = (parts.next() == Some("rlv")).then(|| parts.next()).flatten();
        let role = ROLES.into_iter().find(|known| Some(known.name()) == role);
        let role = role.ok_or(KeyError::Role)?;
        parts.next().filter(|prefix| is_prefix(prefix)).ok_or(KeyError::Prefix)?;
        let secret = parts.next().filter(|secret| is_base32(secret, SECRET_CHARACTERS));
        if secret.is_none() || parts.next().is_some() {
            return Err(KeyError::Secret);
        }
        Ok(Self { text: text.to_owned(), role })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key(rlv_{}_{}_...)", self.role.name(), self.prefix())
    }
}

/// Is it the public part of a key?
#[must_use]
pub fn is_prefix(text: &str) -> bool {
    is_base32(text, PREFIX_CHARACTERS)
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A SHA-256 from its 64 hexadecimal digits.
#[must_use]
pub fn hash_from_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high << 4 | low).expect("two hexadecimal digits are one byte");
    }
    Some(hash)
}

fn is_base32(text: &str, characters: usize) -> bool {
    text.len() == characters && text.bytes().all(|byte| ALPHABET.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &str = "rlv_bot_abcdefghij23_abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst";

    #[test]
    fn a_generated_key_reads_back_and_no_two_are_equal() {
        for role in ROLES {
            let key = Key::generate(role).unwrap();
            assert_eq!(Key::from_str(key.reveal()), Ok(key.clone()));
            assert_eq!(key.role(), role);
            assert!(is_prefix(key.prefix()));
            assert_ne!(key, Key::generate(role).unwrap());
        }
    }

    #[test]
    fn the_hash_is_sha256_of_the_whole_key() {
        let key = Key::from_str(KNOWN).unwrap();
        let expected = digest::digest(&digest::SHA256, KNOWN.as_bytes());
        assert_eq!(key.sha256(), expected.as_ref());
        assert_eq!(hash_from_hex(&hex(&key.sha256())), Some(key.sha256()));
    }

    #[test]
    fn only_the_key_itself_matches() {
        let key = Key::from_str(KNOWN).unwrap();
        let mut stored = key.sha256();
        assert!(key.matches(&stored));
        for at in 0..stored.len() {
            stored[at] ^= 1;
            assert!(!key.matches(&stored), "a bit of byte {at}");
            stored[at] ^= 1;
        }
    }

    #[test]
    fn what_is_no_key_says_which_part() {
        let cases = [
            ("", KeyError::Role),
            ("rlv_queen_abcdefghij23_", KeyError::Role),
            ("sk_bot_abcdefghij23_", KeyError::Role),
            ("rlv_bot", KeyError::Prefix),
            ("rlv_bot_abc_", KeyError::Prefix),
            ("rlv_bot_ABCDEFGHIJ23_", KeyError::Prefix),
            ("rlv_bot_abcdefghij23_short", KeyError::Secret),
            (&KNOWN[..KNOWN.len() - 1], KeyError::Secret),
            (&format!("{KNOWN}_more"), KeyError::Secret),
            (&format!("{KNOWN} "), KeyError::Secret),
        ];
        for (text, error) in cases {
            assert_eq!(Key::from_str(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn no_output_of_a_key_but_reveal_holds_its_secret() {
        let key = Key::from_str(KNOWN).unwrap();
        assert_eq!(format!("{key:?}"), "Key(rlv_bot_abcdefghij23_...)");
        let error = Key::from_str(&KNOWN[..70]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("abcdefghijk"));
    }

    #[test]
    fn a_hash_has_64_hexadecimal_digits() {
        let digits = "0f".repeat(32);
        assert_eq!(hash_from_hex(&digits), Some([0x0f; 32]));
        assert_eq!(hash_from_hex(&digits[1..]), None);
        assert_eq!(hash_from_hex(&"0g".repeat(32)), None);
    }
}
