//! Every limit of the protocol, with the assertions that hold between them.

/// Longest payload of a frame that carries a hand-off, in bytes: the transcript's 256 KiB, the
/// context's and room for what will be cut.
pub const HAND_OFF_BYTES: usize = 1024 * 1024;
/// Longest payload of any other frame of a client, in bytes: a message of 64 KiB and its envelope.
pub const FRAME_BYTES: usize = MESSAGE_BYTES + 4096;
/// Longest payload before `hello` was accepted, in bytes.
pub const HELLO_BYTES: usize = 64 * 1024;
/// Longest payload that the server sends, in bytes.
pub const SERVER_FRAME_BYTES: usize = 1024 * 1024;
/// Longest packed body of a message, in bytes.
pub const MESSAGE_BYTES: usize = 64 * 1024;
/// Most changes of an `apply`: a shard makes them in one turn.
pub const CHANGES: usize = 4_096;
/// Most bytes of a `put`'s object and of an `apply`'s changes, packed as in a frame whatever codec they
/// came in: each is one record of the log, which takes twice as much, and each object is listed in one
/// answer.
pub const CHANGES_BYTES: usize = HAND_OFF_BYTES - 4096;
/// Most bytes of a page of the directory that has more than one object: half of what may wait to be
/// written to a client.
pub const PAGE_BYTES: usize = SERVER_FRAME_BYTES / 2;
/// Most failures of an `apply` that its refusal tells.
pub const FAILURES_TOLD: usize = 50;
/// Longest such refusal, in bytes, but for its last failure.
pub const FAILURES_BYTES: usize = 16 * 1024;
/// Longest name of a directory object, in bytes.
pub const NAME_BYTES: usize = 64;
/// Longest id of a contact, in bytes.
pub const CONTACT_ID_BYTES: usize = 128;
/// Longest credential, in bytes: a key, or later a signed token.
pub const TOKEN_BYTES: usize = 4096;
/// Longest name and version of a client, in bytes.
pub const CLIENT_BYTES: usize = 128;
/// Longest label of a credential or of a queue, in bytes.
pub const LABEL_BYTES: usize = 128;
/// Most labels of a queue.
pub const LABELS: usize = 32;
/// Longest client message id, in bytes.
pub const CLIENT_MESSAGE_ID_BYTES: usize = 128;
/// Longest idempotency key, in bytes.
pub const IDEMPOTENCY_KEY_BYTES: usize = 64;
/// Longest customer text of a hand-off or a queue, in bytes.
pub const TEXT_BYTES: usize = 1024;
/// Longest reason of a pause or note of a transfer, in bytes.
pub const NOTE_BYTES: usize = 1024;
/// Most lines of a transcript that are kept.
pub const TRANSCRIPT_LINES: usize = 256;
/// Most bytes of a transcript's texts that are kept.
pub const TRANSCRIPT_BYTES: usize = 256 * 1024;
/// Most entries of a context that are kept.
pub const CONTEXT_ENTRIES: usize = 64;
/// Longest value of a context entry that is kept, in bytes.
pub const CONTEXT_VALUE_BYTES: usize = 4096;
/// Most further fields of a contact, and most fields of a structured message.
pub const FIELDS: usize = 64;
/// Longest name of a field or context entry that is kept, in bytes.
pub const FIELD_NAME_BYTES: usize = 128;
/// Longest name of a contact that is kept, in bytes.
pub const CONTACT_NAME_BYTES: usize = 256;
/// Longest message to the agent at a hand-off that is kept, in bytes.
pub const MESSAGE_TO_AGENT_BYTES: usize = 64 * 1024;
/// Longest URL of a medium, in bytes.
pub const URL_BYTES: usize = 4096;
/// Longest media type, in bytes.
pub const MIME_BYTES: usize = 128;
/// Longest language tag, in bytes.
pub const LANGUAGE_BYTES: usize = 35;
/// Longest tag of a ticket, in bytes.
pub const TAG_BYTES: usize = 64;
/// Most seats of an agent: what the packed seat word holds.
pub const SEATS: u16 = 4095;
/// Most percent of its seats that an agent's bots may be guaranteed in all.
pub const SHARE_PERCENT: u8 = 100;
/// Most agents of a queue.
pub const MEMBERS: usize = 15_000;
/// Highest level of a member; the lowest is 1.
pub const MEMBER_LEVEL: u8 = 10;
/// Longest delay of a member, in seconds: a week.
pub const DELAY_SECONDS: u32 = 7 * 24 * 3600;
/// Most different delays of the members of a queue: a waiting ticket has a timer for each.
pub const DELAYS: usize = 8;
/// Most tickets of a fairness limit.
pub const FAIRNESS_TICKETS: u16 = 1_000;
/// Longest time of a fairness limit, in seconds.
pub const FAIRNESS_SECONDS: u32 = 3_600;
/// Most cursors in one frame.
pub const CURSORS_PER_FRAME: usize = 1024;
/// Most tickets in one frame of the snapshot that follows `welcome`.
pub const SNAPSHOT_TICKETS_PER_FRAME: usize = 512;
/// Most tags of a ticket.
pub const TAGS: usize = 32;
/// Longest wait in a line, and longest step of an overflow, in seconds: a week.
pub const WAIT_SECONDS: u32 = 7 * 86_400;
/// Longest time in which a conversation can be reopened, in seconds: a day, for which a closed ticket
/// stays in memory.
pub const REOPEN_SECONDS: u32 = 86_400;
/// Longest time in which a customer who left while he waited finds his place again, in seconds: a day.
pub const RESUME_SECONDS: u32 = 86_400;
/// Longest time for which a ticket is parked, in seconds: a week, as the longest wait. What takes longer
/// is closed and followed up later.
pub const PARK_SECONDS: u32 = WAIT_SECONDS;
/// Most routing rules of a bot.
pub const RULES: usize = 2_000;
/// Longest name of a rule.
pub const RULE_NAME_BYTES: usize = 128;
/// Longest condition of a rule.
pub const CONDITION_BYTES: usize = 4_096;
/// Most bytes of all conditions of a bot.
pub const CONDITIONS_BYTES: usize = 512 * 1024;
/// Longest name of a time zone.
pub const TIME_ZONE_BYTES: usize = 64;
/// Most names of days in the week of a queue's hours.
pub const DAYS: usize = 32;
/// Most intervals of a day in a queue's hours.
pub const INTERVALS: usize = 16;
/// Most holidays of a queue's hours.
pub const HOLIDAYS: usize = 400;
/// Longest name of a day, interval or date in a queue's hours, in bytes.
pub const HOURS_BYTES: usize = 32;
/// Skills of an agent.
pub const SKILLS: usize = 64;
/// Different skills of all agents of a tenant.
pub const SKILL_NAMES: usize = 1_000;
/// Skills that a ticket requires at once.
pub const REQUIREMENTS: usize = 8;
/// Steps by which requirements are relaxed.
pub const RINGS: usize = 8;
/// Highest level of a skill; the lowest is 1.
pub const SKILL_LEVEL: u8 = 10;
/// Longest wait until a ring, in seconds: a week.
pub const RING_SECONDS: u32 = 7 * 24 * 3600;
/// Highest priority of a ticket.
pub const PRIORITY: u16 = 1000;
/// Most sessions of a bot, of an agent, and of all admins of a tenant, at once.
pub const SESSIONS: u32 = 64;
/// Most lanes (bidirectional streams) of a session.
pub const LANES: u32 = 16;
/// Longest time from the first byte of a frame or line to its last, in seconds; less when the buffers
/// of all sessions are nearly full.
pub const FRAME_SECONDS: u64 = 30;
/// Longest JSON line of a client, in bytes: escapes may double a text.
pub const JSON_LINE_BYTES: usize = 2 * HAND_OFF_BYTES;

/// Longest details of a hand-off after they were cut, in bytes, without the archive's own words.
pub const CUT_DETAILS_BYTES: usize = TRANSCRIPT_BYTES
    + (CONTEXT_ENTRIES + FIELDS) * (FIELD_NAME_BYTES + CONTEXT_VALUE_BYTES)
    + MESSAGE_TO_AGENT_BYTES
    + CONTACT_NAME_BYTES
    + CONTACT_ID_BYTES;

const _: () = assert!(CUT_DETAILS_BYTES + 64 * 1024 < SERVER_FRAME_BYTES);
const _: () = assert!(CUT_DETAILS_BYTES < HAND_OFF_BYTES);
const _: () = assert!(CHANGES_BYTES + 1024 < SERVER_FRAME_BYTES);
const _: () = assert!(HELLO_BYTES <= FRAME_BYTES);
const _: () = assert!(CURSORS_PER_FRAME * 24 < HELLO_BYTES);

/// Most agents to whom a ticket is offered at once. Each of them has a seat held for it.
pub const OFFER_AGENTS: u16 = 16;
