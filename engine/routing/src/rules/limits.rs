//! Every limit of the rules, with the assertions that hold between them. Together they bound the
//! memory of a set and the steps of an evaluation, whoever wrote the rules and the hand-off.

/// Most rules of a set.
pub const RULES: usize = relevo_wire::limits::RULES;
/// Longest name of a rule, in bytes.
pub const NAME_BYTES: usize = relevo_wire::limits::RULE_NAME_BYTES;
/// Longest condition, in bytes.
pub const CONDITION_BYTES: usize = relevo_wire::limits::CONDITION_BYTES;
/// Most bytes of all conditions of a set.
pub const CONDITIONS_BYTES: usize = relevo_wire::limits::CONDITIONS_BYTES;
/// Deepest nesting of `(` and `not`: parser, printer and explanation recurse so deep at most.
pub const DEPTH: usize = 32;
/// Most values of a list.
pub const VALUES: usize = 256;
/// Most comparisons of a condition.
pub const COMPARISONS: usize = 256;
/// Longest text in quotes, in bytes without what escapes it.
pub const LITERAL_BYTES: usize = 128;
/// Most bytes of all different texts that a set looks for.
pub const LITERALS_BYTES: usize = 256 * 1024;
/// Most different fields that a set looks at.
pub const FIELDS: usize = 128;
/// Longest name of a field, in bytes.
pub const FIELD_NAME_BYTES: usize = relevo_wire::limits::FIELD_NAME_BYTES;
/// Most characters and `?` of a pattern: one bit each.
pub const PATTERN_CHARACTERS: usize = 63;
/// Most different patterns of a set. A pattern that `contains`, `starts_with` or `equals` can say is
/// compiled to that and does not count.
pub const PATTERNS: usize = 256;
/// A message is looked at as if it ended after so many bytes.
pub const MESSAGE_BYTES: usize = 4_096;
/// Any other text is looked at as if it ended after so many bytes.
pub const FIELD_BYTES: usize = 512;
/// So many entries of a contact or context are looked at.
pub const ENTRIES: usize = 256;
/// Most problems that one condition reports.
pub const PROBLEMS_PER_CONDITION: usize = 16;
/// Most problems that a set reports; the rest would not be read by anybody.
pub const PROBLEMS: usize = 1_000;

// A text that was cut is longer than what it is compared with.
const _: () = assert!(LITERAL_BYTES < FIELD_BYTES && FIELD_BYTES <= MESSAGE_BYTES);
// A state of a pattern is a bit of a word, and so is its begin.
const _: () = assert!(PATTERN_CHARACTERS < u64::BITS as usize);
// Positions, atoms and steps are numbered by 31 bits.
const _: () = assert!(RULES * COMPARISONS < 1 << 31 && CONDITIONS_BYTES < 1 << 31);
const _: () = assert!(ENTRIES >= relevo_wire::limits::CONTEXT_ENTRIES);
const _: () = assert!(ENTRIES >= relevo_wire::limits::FIELDS + 2);
