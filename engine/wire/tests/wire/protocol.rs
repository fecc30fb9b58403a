//! `PROTOCOL.md`, made of the catalogue, the samples and the limits.

use crate::golden::compare;
use crate::samples::{Sample, samples};
use relevo_wire::catalogue::{Class, KINDS, Kind, RESERVED};
use relevo_wire::error::ErrorCode;
use relevo_wire::limits;
use std::fmt::Write;

const INTRODUCTION: &str = r#"# The protocol of Relevo, version 1

This page is made of the types by `RELEVO_BLESS=1 cargo test -p relevo-wire`; a test fails when it is stale.

## Ways in

| ALPN | codec |
|---|---|
| `relevo/1` | rkyv frames |
| `relevo-json/1` | JSON lines: the same messages, one object a line |

QUIC with TLS 1.3, no 0-RTT, no datagrams, no unidirectional streams. A development certificate is pinned by the SHA-256 of its DER form, as `relevo serve` prints it in hexadecimal. A connection that shows no sign of life for 30 s is over: send QUIC's keep-alives.

A **lane** is a bidirectional stream, opened by the client: one before `hello` was answered, then as many as `welcome` says. The first lane starts with `hello` (and the `cursors` that it announces); every push of the session comes on it. Commands may go on any lane. An answer comes on the lane of its request, with its `request_id`, in any order; commands for one ticket on one lane are carried out in order. A client that sends its commands on a second lane gets answers also while it does not read pushes. It may finish its half of a lane: what it asked there is answered, for 2 s at most; a last line without its line end is no request. The end of the first lane is the end of the session, so that what may be refused as malformed is better sent on another. More lanes than `welcome` says wait for QUIC's credit of streams. Pushes of a ticket may come before the answer that names it, as they come on the first lane.

A lane that waits 250 ms for budget is closed as `overloaded`: an `error` that answers request 0, then the end. What is unanswered is repeated, in order, on a new lane. A malformed message closes its lane likewise, with its own reason. Lanes are closed with the close code of the error (table below), 0 is no error; connections with a reason in words (`draining`, `revoked`, `protocol`). Request ids begin at 1.

**A frame** is a header of 8 bytes (length of what follows: u32, kind: u16, version: u16), an envelope and an rkyv payload; integers are little-endian. Envelopes: request: id (u64), length of the idempotency key (u8), key; answer: request id (u64); entry: ticket (u128), number (u32), at (u64); other pushes: none.

**A line** is an object: requests have `type`, `request_id` and perhaps `idempotency_key`; answers `type: "answer"`, `request_id`, `answer`; errors `type: "error"`, `request_id`; entries `type: "entry"`, `ticket`, `number`, `at`, `event`; other pushes `type`. The server refuses fields that it does not know by name; a client ignores them. Ticket ids are UUIDs, times microseconds since 1970.

## Sequences

The entries of a ticket are numbered from 1 and reach each party with no number left out: what it may not see comes as `empty`. The session that sent a message gets no push of it: the number in `sent` stands for that entry. A client tells its cursors in `hello` and gets what it missed, ticket by ticket; a ticket without a cursor starts at what the server holds as confirmed.

A client confirms what it has taken by `receipt`: `delivered`, and `read` when a person has seen it. What is not confirmed comes again to the next session, and a closed ticket stays in memory for it; one that all have confirmed is forgotten, and `read` does not find it any more. With a transferred ticket its receiver is pushed the tickets before it: entries that a client has already are told by ticket and number.

An agent may hold several sessions, and each gets everything; it begins `invisible`, until `set_presence`. A bot may hold several too: a ticket is listed in, and pushed to, the one that handed it over; when that one ends, after 30 s without a sign of life at the latest, to another, with what the bot has not confirmed.

Same idempotency key and same content: the first answer again (but for `create_key`). Same key and other content: `idempotency_conflict`. Same `client_message_id` of the same author in the same ticket: the same message.
"#;

fn class(out: &mut String, title: &str, class: Class) {
    let samples = samples();
    writeln!(out, "\n## {title}\n").expect("a string takes everything");
    for kind in KINDS.iter().filter(|kind| kind.class == class) {
        heading(out, kind);
        let examples = samples.iter().filter(|sample| sample.kind() == kind.number);
        let lines: String = examples.map(Sample::line).collect();
        write!(out, "\n```json\n{lines}```\n\n").expect("a string takes everything");
    }
}

fn heading(out: &mut String, kind: &Kind) {
    writeln!(
        out,
        "**`{}`** · `{:#06x}` · version 1 · {} · {}",
        kind.name, kind.number, kind.roles, kind.summary
    )
    .expect("a string takes everything");
}

fn reserved(out: &mut String) {
    out.push_str(
        "\n## Reserved\n\nNames and numbers of commands to come. They are refused as unknown.\n\n",
    );
    out.push_str("| number | name | role | for |\n|---|---|---|---|\n");
    for kind in RESERVED {
        writeln!(
            out,
            "| `{:#06x}` | `{}` | {} | {} |",
            kind.number, kind.name, kind.roles, kind.summary
        )
        .expect("a string takes everything");
    }
}

fn errors(out: &mut String) {
    out.push_str("\n## Errors\n\nAn error names the field that it is about, and for `stale_epoch` and `wrong_state` the present truth.\n\n");
    out.push_str("| name | HTTP status | close code |\n|---|---|---|\n");
    for code in ErrorCode::ALL {
        writeln!(out, "| `{}` | {} | {} |", code.name(), code.http_status(), code.close_code())
            .expect("a string takes everything");
    }
}

fn limits_table(out: &mut String) {
    let rows: &[(&str, usize)] = &[
        ("frame of a hand-off, a put or an apply, bytes", limits::HAND_OFF_BYTES),
        ("any other frame of a client, bytes", limits::FRAME_BYTES),
        ("frame before `welcome`, bytes", limits::HELLO_BYTES),
        ("frame of the server, bytes", limits::SERVER_FRAME_BYTES),
        ("line of a hand-off, a put or an apply, bytes", limits::JSON_LINE_BYTES),
        ("any other line of a client, bytes", 2 * limits::FRAME_BYTES),
        ("sessions of a bot, of an agent, of all admins of a tenant", limits::SESSIONS as usize),
        ("lanes of a session", limits::LANES as usize),
        (
            "time for a frame or line, seconds; less when buffers run short",
            limits::FRAME_SECONDS as usize,
        ),
        ("cursors in a frame", limits::CURSORS_PER_FRAME),
        ("tickets in a `snapshot`", limits::SNAPSHOT_TICKETS_PER_FRAME),
        ("packed body of a message, bytes", limits::MESSAGE_BYTES),
        ("credential, bytes", limits::TOKEN_BYTES),
        ("name of a client, bytes", limits::CLIENT_BYTES),
        ("idempotency key, bytes", limits::IDEMPOTENCY_KEY_BYTES),
        ("client message id, bytes", limits::CLIENT_MESSAGE_ID_BYTES),
        ("id of a contact, bytes", limits::CONTACT_ID_BYTES),
        ("name of a directory object, bytes of `a-z A-Z 0-9 . _ -`", limits::NAME_BYTES),
        ("text for the customer, bytes", limits::TEXT_BYTES),
        ("note or reason, bytes", limits::NOTE_BYTES),
        ("tags of a ticket", limits::TAGS),
        ("tag, bytes", limits::TAG_BYTES),
        ("fields of a message", limits::FIELDS),
        ("name of a field, bytes", limits::FIELD_NAME_BYTES),
        ("URL of a medium, bytes", limits::URL_BYTES),
        ("media type, bytes", limits::MIME_BYTES),
        ("priority", limits::PRIORITY as usize),
        ("seats of an agent", limits::SEATS as usize),
        ("label of a credential, bytes", limits::LABEL_BYTES),
        ("language, bytes", limits::LANGUAGE_BYTES),
        ("members of a queue", limits::MEMBERS),
        ("different delays of the members of a queue", limits::DELAYS),
        ("names of days in the hours of a queue", limits::DAYS),
        ("intervals of such a day, and of a holiday", limits::INTERVALS),
        ("holidays of a queue", limits::HOLIDAYS),
        ("changes of an `apply`", limits::CHANGES),
        (
            "object of a `put`, changes of an `apply`, packed bytes in either codec",
            limits::CHANGES_BYTES,
        ),
        ("page of the directory with more than one object, bytes", limits::PAGE_BYTES),
        ("failures that the refusal of an `apply` tells", limits::FAILURES_TOLD),
        ("kept: lines of a transcript, the newest", limits::TRANSCRIPT_LINES),
        ("kept: texts of a transcript, bytes", limits::TRANSCRIPT_BYTES),
        ("kept: entries of a context, the newest", limits::CONTEXT_ENTRIES),
        ("kept: value of a context entry or contact field, bytes", limits::CONTEXT_VALUE_BYTES),
        ("kept: message to the agent, bytes", limits::MESSAGE_TO_AGENT_BYTES),
        ("kept: name of a contact, bytes", limits::CONTACT_NAME_BYTES),
    ];
    out.push_str("\n## Limits\n\nAbove them: `limit_exceeded` with the field; a number out of its range, or an idempotency key that is too long, is `malformed`. What is *kept* is cut instead, and `accepted` says `truncated`.\n\n");
    out.push_str("| what | at most |\n|---|---|\n");
    for (what, most) in rows {
        writeln!(out, "| {what} | {most} |").expect("a string takes everything");
    }
}

#[test]
fn the_description_of_the_protocol_is_up_to_date() {
    let mut page = INTRODUCTION.to_owned();
    class(&mut page, "Commands", Class::Command);
    class(&mut page, "Answers", Class::Answer);
    class(&mut page, "Entries of a ticket", Class::Entry);
    class(&mut page, "Other pushes", Class::Push);
    reserved(&mut page);
    errors(&mut page);
    limits_table(&mut page);
    compare("PROTOCOL.md", &page);
}
