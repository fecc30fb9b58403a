//! Number of a kind of frame. Numbers are never used twice; those of commands to come are reserved
//! in the catalogue.

// Sessions.
pub const HELLO: u16 = 0x0001;
pub const CURSORS: u16 = 0x0002;
pub const READ: u16 = 0x0003;
pub const SEND: u16 = 0x0010;
pub const RECEIPT: u16 = 0x0011;
pub const TYPING: u16 = 0x0012;
// Bots.
pub const HAND_OFF: u16 = 0x0101;
pub const AGENTS_ONLINE: u16 = 0x0102;
pub const CUSTOMER_LEFT: u16 = 0x0103;
pub const TAKE_BACK: u16 = 0x0104;
pub const WANT_CALLBACK: u16 = 0x0105;
// Agents.
pub const SET_PRESENCE: u16 = 0x0201;
pub const NEXT: u16 = 0x0202;
pub const TARGETS: u16 = 0x0203;
pub const TRANSFER: u16 = 0x0204;
pub const CLOSE: u16 = 0x0205;
// Supervisors.
pub const EXPLAIN: u16 = 0x0301;
pub const BLOCK_CONTACT: u16 = 0x030a;
pub const UNBLOCK_CONTACT: u16 = 0x030b;
pub const LIST_BLOCKED: u16 = 0x030c;
pub const LIST_CALLBACKS: u16 = 0x030d;
pub const SET_QUEUE_MODE: u16 = 0x0308;
pub const NOTIFY_WAITING: u16 = 0x0309;
// Admins.
pub const PUT: u16 = 0x0401;
pub const DELETE: u16 = 0x0402;
pub const LIST_DIRECTORY: u16 = 0x0403;
pub const CREATE_KEY: u16 = 0x0404;
pub const LIST_KEYS: u16 = 0x0405;
pub const REVOKE_KEY: u16 = 0x0406;
pub const STATUS: u16 = 0x0407;
pub const APPLY: u16 = 0x0408;
pub const ACCEPT: u16 = 0x0206;
pub const DECLINE: u16 = 0x0207;
pub const HOLD: u16 = 0x020f;
pub const UNHOLD: u16 = 0x0210;
pub const PARK: u16 = 0x0211;
pub const WRAP_UP_DONE: u16 = 0x0215;
pub const REOPEN: u16 = 0x0216;
pub const SET_ABSENCE: u16 = 0x0217;
pub const UNPARK: u16 = 0x0218;
// Answers.
pub const DONE: u16 = 0x1000;
pub const ERROR: u16 = 0x1001;
pub const WELCOME: u16 = 0x1002;
pub const ACCEPTED: u16 = 0x1003;
pub const REJECTED: u16 = 0x1004;
pub const AGENTS_ONLINE_ANSWER: u16 = 0x1005;
pub const SENT: u16 = 0x1006;
pub const NEXT_ANSWER: u16 = 0x1007;
pub const TARGETS_ANSWER: u16 = 0x1008;
pub const TRANSFERRED_ANSWER: u16 = 0x1009;
pub const EXPLAINED: u16 = 0x100a;
pub const STORED: u16 = 0x100b;
pub const DIRECTORY: u16 = 0x100c;
pub const KEY: u16 = 0x100d;
pub const KEYS: u16 = 0x100e;
pub const STATUS_REPORT: u16 = 0x100f;
pub const APPLIED: u16 = 0x1010;
pub const BLOCKED: u16 = 0x1011;
pub const CALLBACKS: u16 = 0x1012;
pub const NOTIFYING: u16 = 0x1018;
// Entries of tickets.
pub const EMPTY: u16 = 0x2000;
pub const HANDED_OFF: u16 = 0x2001;
pub const MESSAGE: u16 = 0x2002;
pub const ASSIGNED: u16 = 0x2003;
pub const REQUEUED: u16 = 0x2004;
pub const TRANSFERRED: u16 = 0x2005;
pub const RETURNED: u16 = 0x2006;
pub const HELD: u16 = 0x2007;
pub const INACTIVE: u16 = 0x2008;
pub const PARKED: u16 = 0x2009;
pub const UNPARKED: u16 = 0x200a;
pub const TRANSFER_ASKED: u16 = 0x200b;
// Other pushes.
pub const SNAPSHOT: u16 = 0x2100;
pub const PROGRESS: u16 = 0x2101;
pub const TYPING_PUSH: u16 = 0x2102;
pub const POSITION: u16 = 0x2103;
pub const PRESENCE: u16 = 0x2104;
pub const GO_AWAY: u16 = 0x2105;
pub const OFFER: u16 = 0x2106;
pub const OFFER_ENDED: u16 = 0x2107;
pub const WRAP_UP: u16 = 0x2108;
pub const ABSENCE: u16 = 0x2109;
pub const TARGET: u16 = 0x210a;
