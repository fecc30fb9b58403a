//! The life of a connection: hello, lanes, end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quinn::{Connection, ConnectionError, SendStream};
use relevo_routing::input::Input;
use relevo_wire::command::{Command, Request};
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::ids::RequestId;
use relevo_wire::{Answer, limits};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::coop::consume_budget;
use tokio::time::{sleep, timeout};

use super::buffers::Exhausted;
use super::hello::{Credential, authenticate};
use super::lane::{LaneError, Reader, WriteEnd, write};
use super::outbox::{LaneEnd, Outbox, Work};
use super::request::{LaneState, Verdict, take};
use super::{Codec, Party, Resume, Session, intake};
use crate::exit;
use crate::lobby::Guest;
use crate::metrics::CommandName;
use crate::publish::outcome::Asker;
use crate::runtime::shared::Shared;
use crate::telemetry;

/// From the end of the handshake to `hello` (protocol).
const HELLO_PATIENCE: Duration = Duration::from_secs(3);
/// How long the last frames of a session may take to arrive.
const FAREWELL_PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks at whether a lane whose client has said all is answered.
const ANSWER_LOOK: Duration = Duration::from_millis(5);
/// Lanes beside the first.
const FURTHER_LANES: usize = limits::LANES as usize - 1;
/// Most cursors of one resume: what a bot of the largest center has open.
const CURSORS: usize = 1_000_000;

/// Serves a connection until it ends; until its `hello` it is a guest.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    connection: Connection,
    codec: Codec,
    mut guest: Guest,
) {
    // Boxed: a hello takes more than the session that it opens.
    let opening = timeout(HELLO_PATIENCE, Box::pin(open(&shared, &connection, codec)));
    let Some(opened) = guest.during(opening).await else {
        connection.close(1u32.into(), b"newer ones came");
        return;
    };
    let (session, reader, stream) = match opened {
        Ok(Ok(opened)) => opened,
        Ok(Err(refused)) => {
            // The refusal was written: give it the time to arrive before the connection closes.
            drop(guest.during(timeout(HELLO_PATIENCE, connection.closed())).await);
            connection.close(1u32.into(), refused.as_bytes());
            return;
        }
        Err(_) => {
            telemetry::rejected(&shared.metrics, ErrorCode::Unauthenticated);
            connection.close(1u32.into(), b"hello must come within 3 s");
            return;
        }
    };
    drop(guest);
    connection.set_max_concurrent_bi_streams(limits::LANES.into());
    // The first so many bots have the window of a bot; further ones that of an agent.
    let wide = matches!(session.party, Party::Bot(_))
        .then(|| Arc::clone(&shared.wide_windows).try_acquire_owned().ok())
        .flatten();
    if wide.is_some() {
        connection.set_receive_window(crate::quic::BOT_WINDOW_BYTES.into());
    }
    shared.sessions.insert(session.id, Arc::clone(&session));
    if shared.is_draining() {
        // A drain that began since the hello was taken looked at the sessions before this was one.
        session.send_away("draining", 0);
    }
    let open_lanes = Arc::new(Semaphore::new(FURTHER_LANES));
    let live = exit::contained(async {
        let lanes = accept_lanes(&shared, &connection, &session, &open_lanes);
        let first = async {
            serve_lane(&shared, &session, reader, stream, Arc::clone(&session.outbox)).await;
            if !session.has_reason() {
                read_out(&open_lanes).await;
            }
        };
        tokio::select! {
            () = lanes => {}
            () = first => {}
            _ = connection.closed() => {}
        }
    });
    if live.await.is_err() {
        session.ends("internal");
    }
    if let Some(ConnectionError::ApplicationClosed(_)) = connection.close_reason() {
        session.ends("client");
    }
    let input = lost(&shared, &session);
    connection.close(0u32.into(), session.end_reason().as_bytes());
    read_out(&open_lanes).await;
    let tenant = session.tenant;
    shared.learn(tenant, input, Asker::Lost(session));
}

/// What the client had said on its further lanes is taken before its end is told, or a receipt that it
/// sent last would come too late: those that it has finished, or whose connection is gone, end.
async fn read_out(open_lanes: &Semaphore) {
    let all = open_lanes.acquire_many(FURTHER_LANES as u32);
    drop(timeout(FAREWELL_PATIENCE, all).await);
}

/// First lane, hello, session.
async fn open(
    shared: &Arc<Shared>,
    connection: &Connection,
    codec: Codec,
) -> Result<(Arc<Session>, Reader, SendStream), &'static str> {
    let (mut send, recv) = connection.accept_bi().await.map_err(|_| "gone")?;
    let mut reader = Reader::new(recv, codec, &shared.buffers);
    // What is no frame has no command's name.
    let refuse = async |send: &mut SendStream,
                        id: RequestId,
                        command: Option<CommandName>,
                        error: WireError| {
        let name = error.code.name();
        telemetry::rejected(&shared.metrics, error.code);
        if let Some(command) = command {
            telemetry::answered(&shared.metrics, command, Some(error.code));
        }
        let mut out = Vec::new();
        codec.write_answer(&mut out, id, &Answer::Error(error));
        // The client may be gone: there is nothing else to tell it.
        let _ = write(send, out.into(), &shared.buffers).await;
        drop(send.finish());
        name
    };
    let (id, hello) = match next_request(&mut reader).await {
        Ok(Request { request_id, command: Command::Hello(hello), .. }) => (request_id, hello),
        Ok(Request { request_id, command, .. }) => {
            let error = WireError::new(ErrorCode::Unauthenticated, "the first frame is `hello`");
            let name = CommandName::from(&command);
            return Err(refuse(&mut send, request_id, Some(name), error).await);
        }
        Err(LaneError::Bad(id, error)) => return Err(refuse(&mut send, id, None, error).await),
        Err(LaneError::Gone | LaneError::Finished) => return Err("gone"),
    };
    let hello_name = Some(CommandName::Hello);
    let credential = match authenticate(shared, &hello.token) {
        Ok(credential) => credential,
        Err(error) => return Err(refuse(&mut send, id, hello_name, error).await),
    };
    let mut resume = Resume::new(&shared.buffers);
    let too_many = |Exhausted| {
        WireError::new(ErrorCode::Overloaded, "no memory now for so many cursors: repeat later")
    };
    let mut counted = resume.extend(&hello.resume);
    let mut more = hello.more;
    while more && counted.is_ok() {
        match next_request(&mut reader).await {
            Ok(Request { command: Command::Cursors(further), .. })
                if resume.len() + further.resume.len() <= CURSORS =>
            {
                counted = resume.extend(&further.resume);
                more = further.more;
                if counted.is_ok() {
                    telemetry::answered(&shared.metrics, CommandName::Cursors, None);
                }
            }
            Ok(Request { request_id, command, .. }) => {
                let message = format!("`cursors` were announced, at most {CURSORS} in all");
                let error = WireError::new(ErrorCode::Malformed, message);
                let name = CommandName::from(&command);
                return Err(refuse(&mut send, request_id, Some(name), error).await);
            }
            Err(LaneError::Bad(id, error)) => return Err(refuse(&mut send, id, None, error).await),
            Err(LaneError::Gone | LaneError::Finished) => return Err("gone"),
        }
    }
    if let Err(error) = counted.map_err(too_many) {
        return Err(refuse(&mut send, id, hello_name, error).await);
    }
    let Ok(place) = Arc::clone(&shared.places).try_acquire_owned() else {
        let error = WireError::new(ErrorCode::Overloaded, "no place for a session: repeat later");
        return Err(refuse(&mut send, id, hello_name, error).await);
    };
    let session = new_session(shared, credential, codec, resume, place);
    if let Err(error) = announce(shared, &session, id) {
        return Err(refuse(&mut send, id, hello_name, error).await);
    }
    reader.opened = true;
    Ok((session, reader, send))
}

async fn next_request(reader: &mut Reader) -> Result<Request, LaneError> {
    loop {
        match reader.next_here()? {
            Some((Ok(request), _)) => return Ok(request),
            Some((Err((id, error)), _)) => return Err(LaneError::Bad(id, error)),
            None => reader.more().await?,
        }
    }
}

fn new_session(
    shared: &Shared,
    credential: Credential,
    codec: Codec,
    resume: Resume,
    place: OwnedSemaphorePermit,
) -> Arc<Session> {
    Arc::new(Session::new(
        &shared.buffers,
        shared.next_session_id(),
        credential.tenant,
        credential.party,
        credential.role,
        credential.owner,
        credential.prefix,
        codec,
        resume,
        Some(place),
    ))
}

/// Tells the shard of the session; publish answers the hello at its place in the order.
fn announce(shared: &Shared, session: &Arc<Session>, request: RequestId) -> Result<(), WireError> {
    shared.accepting()?;
    shared.enter(session.tenant, session.party)?;
    let input = intake::opened(&shared.presences, session);
    let asker = Asker::Opened { session: Arc::clone(session), request };
    shared.learn(session.tenant, input, asker);
    Ok(())
}

/// The connection is gone: nobody is assigned to the agent any more, from this instant.
fn lost(shared: &Arc<Shared>, session: &Arc<Session>) -> Input {
    session.set_lost();
    shared.sessions.remove(&session.id);
    shared.leave(session.tenant, session.party);
    shared.metrics.engine().session_closed(telemetry::session_end(session.end_reason()));
    intake::lost(&shared.presences, session)
}

/// Further lanes, each a task of its own; all end with the session.
async fn accept_lanes(
    shared: &Arc<Shared>,
    connection: &Connection,
    session: &Arc<Session>,
    open_lanes: &Arc<Semaphore>,
) {
    while let Ok((send, recv)) = connection.accept_bi().await {
        let Ok(permit) = Arc::clone(open_lanes).try_acquire_owned() else { continue };
        let (shared, session) = (Arc::clone(shared), Arc::clone(session));
        let connection = connection.clone();
        tokio::spawn(async move {
            let mut reader = Reader::new(recv, session.codec, &shared.buffers);
            reader.opened = true;
            let outbox = Arc::new(Outbox::new(&shared.buffers));
            let served = exit::contained(serve_lane(&shared, &session, reader, send, outbox));
            if served.await.is_err() {
                session.ends("internal");
                connection.close(0u32.into(), b"internal");
            }
            drop(permit);
        });
    }
}

async fn serve_lane(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    reader: Reader,
    mut stream: SendStream,
    outbox: Arc<Outbox>,
) {
    {
        // Those who hold it whatever is asked on the lane: the others have an answer to bring.
        let holders = Arc::strong_count(&outbox);
        let reading = async {
            if read_lane(shared, session, reader, &outbox).await == ReadEnd::Finished {
                let answered = answered(session, &outbox, holders);
                drop(timeout(FAREWELL_PATIENCE, answered).await);
            }
        };
        let writing = write_lane(shared, session, &mut stream, &outbox);
        tokio::pin!(writing);
        tokio::select! {
            () = reading => {
                // What was answered is still written.
                outbox.end(LaneEnd::Closed);
                writing.await;
            }
            () = &mut writing => {}
        }
    }
    if stream.finish().is_ok() {
        // Until the client has it all, or for a moment: a close would discard what is on its way.
        drop(timeout(FAREWELL_PATIENCE, stream.stopped()).await);
    }
}

/// How reading a lane ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadEnd {
    /// The client has said all, and waits for its answers.
    Finished,
    /// Nothing more is answered.
    Over,
}

/// Waits until what was asked on a lane is answered, or nobody is there any more.
async fn answered(session: &Session, outbox: &Arc<Outbox>, holders: usize) {
    while Arc::strong_count(outbox) > holders && session.is_live() {
        sleep(ANSWER_LOOK).await;
    }
}

async fn read_lane(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    mut reader: Reader,
    outbox: &Arc<Outbox>,
) -> ReadEnd {
    let mut lane = LaneState::new(shared, session, Arc::clone(outbox));
    loop {
        let received = Instant::now();
        let end = loop {
            // A window holds hundreds of requests: those of others are not to wait for them all.
            consume_budget().await;
            match reader.next_here() {
                Ok(Some((Ok(request), bytes))) => {
                    match take(shared, session, &mut lane, request, bytes, received).await {
                        Verdict::Next => {}
                        Verdict::CloseLane => break Some(ErrorCode::Overloaded.close_code()),
                    }
                }
                Ok(Some((Err((id, error)), _))) | Err(LaneError::Bad(id, error)) => {
                    break Some(close_for(shared, session, outbox, id, error));
                }
                Ok(None) => break None,
                Err(LaneError::Gone | LaneError::Finished) => break Some(0),
            }
        };
        lane.flush(shared, session);
        if let Some(code) = end {
            reader.stop(code);
            return ReadEnd::Over;
        }
        match reader.more().await {
            Ok(()) => {}
            Err(LaneError::Finished) => return ReadEnd::Finished,
            Err(LaneError::Gone) => return ReadEnd::Over,
            Err(LaneError::Bad(id, error)) => {
                reader.stop(close_for(shared, session, outbox, id, error));
                return ReadEnd::Over;
            }
        }
    }
}

/// Tells why the lane ends; the code to close it with. With its first lane a session ends.
fn close_for(
    shared: &Shared,
    session: &Session,
    outbox: &Arc<Outbox>,
    id: RequestId,
    error: WireError,
) -> u32 {
    telemetry::rejected(&shared.metrics, error.code);
    let code = error.code.close_code();
    let answer = Answer::Error(error);
    outbox.append_now(|out| session.codec.write_answer(out, id, &answer));
    if Arc::ptr_eq(outbox, &session.outbox) {
        session.ends("protocol");
    }
    code
}

async fn write_lane(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    stream: &mut SendStream,
    outbox: &Outbox,
) {
    loop {
        // As many pieces are taken as the window has room for: others are not to wait for them all.
        consume_budget().await;
        let written = match outbox.take() {
            Work::Frames(mut frames) => {
                let received = std::mem::take(&mut frames.received);
                let written = write(stream, frames.into_bytes(), &shared.buffers).await;
                if written.is_ok() {
                    telemetry::relayed(&shared.metrics, &received);
                }
                written
            }
            Work::CatchUp(at) => {
                Box::pin(super::catch_up::run(shared, session, stream, outbox, at)).await
            }
            Work::Idle => {
                outbox.ready().await;
                Ok(())
            }
            Work::End(LaneEnd::Closed) => return,
            Work::End(LaneEnd::Slow) => Err(WriteEnd::Slow),
        };
        match written {
            Ok(()) => {}
            Err(WriteEnd::Gone) => return,
            Err(WriteEnd::Slow) => {
                outbox.end(LaneEnd::Slow);
                return;
            }
        }
    }
}
