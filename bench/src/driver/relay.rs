//! Load of messages: bots send what their customers said, agents receive it.

use super::ledger::{Ledger, Sequence};
use super::pace::{Due, Pace, Pacer, Schedule, micros_since};
use super::session::{Session, unexpected};
use super::{DRAIN_LIMIT, Window, latencies};
use crate::frames::{self, SendFrame};
use crate::lane::write_batch;
use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use relevo_wire::TicketId;
use relevo_wire::frame::{Header, kind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Instant;
use tokio::task::JoinSet;

/// An agent confirms after so many entries.
const RECEIPT_EVERY: u32 = 64;
/// Most messages of one bot without an answer, at a fixed rate.
const UNANSWERED: usize = 8192;
/// Time stamp of the last message of a run.
const FENCE: u64 = u64::MAX;

/// A bot and an agent with one open ticket between them.
#[derive(Debug)]
pub struct Pair {
    /// Sends.
    pub bot: Session,
    /// Receives.
    pub agent: Session,
    /// What is sent.
    pub frame: SendFrame,
    /// Their ticket.
    pub ticket: TicketId,
    /// Number of the ticket's last entry.
    pub number: u32,
}

/// What a run measured.
#[derive(Debug)]
pub struct Relayed {
    /// Messages that reached their agent, a second.
    pub per_second: f64,
    /// Intended start → agent, in microseconds, of the messages of the window.
    pub latency: Histogram<u64>,
}

/// What the tasks of a run share.
#[derive(Debug)]
struct Run {
    origin: Instant,
    pace: Pace,
    senders: usize,
    phase: AtomicU8,
}

const WARM_UP: u8 = 0;
const MEASURED: u8 = 1;
const DRAIN: u8 = 2;

impl Run {
    fn is(&self, phase: u8) -> bool {
        self.phase.load(Ordering::Relaxed) == phase
    }
}

/// How a task of a run ends.
enum Ended {
    Bot { index: usize, session: Session, frame: SendFrame, sent: u64 },
    Agent { index: usize, session: Session, number: u32, received: u64, latency: Histogram<u64> },
}

/// Drives all pairs and gives them back with what was measured.
///
/// # Errors
/// A connection ended, a request was refused, or a message or an answer was lost, doubled or out of
/// order.
pub async fn run(pairs: Vec<Pair>, pace: Pace, window: Window) -> Result<(Relayed, Vec<Pair>)> {
    let run = Arc::new(Run {
        origin: Instant::now(),
        pace,
        senders: pairs.len(),
        phase: AtomicU8::new(WARM_UP),
    });
    let tickets: Vec<TicketId> = pairs.iter().map(|pair| pair.ticket).collect();
    let delivered: Vec<Arc<AtomicU64>> = pairs.iter().map(|_| Arc::default()).collect();
    let dues: Vec<Arc<Due>> = pairs.iter().map(|_| Arc::default()).collect();
    let pacer = matches!(pace, Pace::PerSecond(_)).then(|| Pacer::start(run.origin, dues.clone()));
    let mut tasks = JoinSet::new();
    for (index, pair) in pairs.into_iter().enumerate() {
        let Pair { bot, agent, frame, ticket, number } = pair;
        tasks.spawn(send(index, bot, frame, Arc::clone(&run), Arc::clone(&dues[index])));
        let counter = Arc::clone(&delivered[index]);
        tasks.spawn(receive(index, agent, ticket, number, Arc::clone(&run), counter));
    }
    let measured = measure(&run, &delivered, window);
    let per_second = tokio::select! {
        per_second = measured => per_second,
        ended = tasks.join_next() => {
            ended.context("there are pairs")???;
            bail!("a session ended before the run did");
        }
    };
    let settled = tokio::time::timeout(DRAIN_LIMIT, settle(tasks, &tickets)).await;
    let (pairs, latency) = settled.context("messages or answers were lost: they never came")??;
    drop(pacer);
    Ok((Relayed { per_second, latency }, pairs))
}

async fn measure(run: &Run, delivered: &[Arc<AtomicU64>], window: Window) -> f64 {
    let total = || delivered.iter().map(|counter| counter.load(Ordering::Relaxed)).sum::<u64>();
    tokio::time::sleep(window.warm_up).await;
    run.phase.store(MEASURED, Ordering::Relaxed);
    let (began, before) = (Instant::now(), total());
    tokio::time::sleep(window.measured).await;
    let per_second = (total() - before) as f64 / began.elapsed().as_secs_f64();
    run.phase.store(DRAIN, Ordering::Relaxed);
    per_second
}

/// Waits for every session and compares what was sent with what arrived.
async fn settle(
    mut tasks: JoinSet<Result<Ended>>,
    tickets: &[TicketId],
) -> Result<(Vec<Pair>, Histogram<u64>)> {
    let mut bots: Vec<_> = tickets.iter().map(|_| None).collect();
    let mut agents: Vec<_> = tickets.iter().map(|_| None).collect();
    let mut latencies = latencies();
    while let Some(ended) = tasks.join_next().await {
        match ended?? {
            Ended::Bot { index, session, frame, sent } => {
                bots[index] = Some((session, frame, sent))
            }
            Ended::Agent { index, session, number, received, latency } => {
                latencies.add(&latency)?;
                agents[index] = Some((session, number, received));
            }
        }
    }
    let mut pairs = Vec::with_capacity(tickets.len());
    for (ticket, (bot, agent)) in tickets.iter().zip(bots.into_iter().zip(agents)) {
        let (bot, frame, sent) = bot.context("a bot never ended")?;
        let (agent, number, received) = agent.context("an agent never ended")?;
        ensure!(sent == received, "{sent} messages were sent, {received} arrived");
        pairs.push(Pair { bot, agent, frame, ticket: *ticket, number });
    }
    Ok((pairs, latencies))
}

async fn send(
    index: usize,
    mut session: Session,
    frame: SendFrame,
    run: Arc<Run>,
    due: Arc<Due>,
) -> Result<Ended> {
    let (mut ledger, mut schedule) = match run.pace {
        Pace::InFlight(count) => (Ledger::new(count), None),
        Pace::PerSecond(rate) => {
            let start = micros_since(run.origin);
            (Ledger::new(UNANSWERED), Some(Schedule::new(rate, index, run.senders, start)))
        }
    };
    let mut sent = 0;
    let mut batch = Vec::new();
    while !run.is(DRAIN) {
        let now = micros_since(run.origin);
        while let Some(at) = schedule.as_mut().map_or(Some(now), |schedule| schedule.take(now)) {
            // At a fixed rate this one is left out, and the rate is not reached.
            let Some(id) = ledger.open() else { break };
            frame.append(&mut batch, id, sent, at);
            sent += 1;
        }
        write_batch(&mut session.send, &mut batch).await?;
        let answers = session.reader.read(|header, bytes| answer(&mut ledger, header, bytes));
        match &schedule {
            None => answers.await?,
            Some(schedule) => tokio::select! {
                read = answers => read?,
                () = due.wait_until(schedule.next_us()) => {}
            },
        }
    }
    while ledger.outstanding() > 0 {
        session.reader.read(|header, bytes| answer(&mut ledger, header, bytes)).await?;
    }
    // The fence comes after everything else: what arrives behind it would be too many.
    let id = ledger.open().context("all are answered")?;
    frame.append(&mut batch, id, sent, FENCE);
    write_batch(&mut session.send, &mut batch).await?;
    while ledger.outstanding() > 0 {
        session.reader.read(|header, bytes| answer(&mut ledger, header, bytes)).await?;
    }
    Ok(Ended::Bot { index, session, frame, sent: sent + 1 })
}

fn answer(ledger: &mut Ledger, header: Header, bytes: &[u8]) -> Result<()> {
    match header.kind {
        kind::SENT => ledger.close(frames::answered(bytes)?).map(|_| ()),
        kind::PROGRESS => Ok(()),
        _ => Err(unexpected(header, bytes)),
    }
}

async fn receive(
    index: usize,
    mut session: Session,
    ticket: TicketId,
    number: u32,
    run: Arc<Run>,
    delivered: Arc<AtomicU64>,
) -> Result<Ended> {
    let mut latency = latencies();
    let mut entries = Sequence::from(u64::from(number) + 1);
    let mut messages = Sequence::from(0);
    let mut confirmed = number;
    let mut fenced = false;
    let mut batch = Vec::new();
    while !fenced {
        let mut now = None;
        let each = |header: Header, bytes: &[u8]| {
            if header.kind != kind::MESSAGE {
                return Err(unexpected(header, bytes));
            }
            let (found, number, payload) = frames::entry(bytes)?;
            ensure!(found == ticket, "an entry of {found} came to the agent of {ticket}");
            entries.take(u64::from(number))?;
            let stamps = frames::stamps(payload)?;
            messages.take(stamps.counter)?;
            fenced = stamps.time_us == FENCE;
            if !fenced && run.is(MEASURED) {
                let now = *now.get_or_insert_with(|| micros_since(run.origin));
                latency.saturating_record(now.saturating_sub(stamps.time_us));
            }
            Ok(())
        };
        session.reader.read(each).await?;
        delivered.store(messages.next(), Ordering::Relaxed);
        let last = u32::try_from(entries.next() - 1)?;
        if fenced || last - confirmed >= RECEIPT_EVERY {
            frames::append_receipt(&mut batch, ticket, last);
            write_batch(&mut session.send, &mut batch).await?;
            confirmed = last;
        }
    }
    let number = u32::try_from(entries.next() - 1)?;
    Ok(Ended::Agent { index, session, number, received: messages.next(), latency })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bare::relay::{self as bare, token};
    use crate::frames::{MessageFrame, SentFrame};
    use crate::lane::Reader;
    use crate::transport;
    use relevo_wire::vocabulary::{Author, Role};
    use std::time::Duration;

    const BODY_BYTES: usize = 256;
    const TICKET: TicketId = TicketId(9);

    /// What a server does wrong with its 50th message.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Fault {
        None,
        EntryLost,
        EntryDoubled,
        EntryOfOther,
        AnswerDoubled,
    }

    async fn welcomed(endpoint: &quinn::Endpoint) -> Result<(quinn::SendStream, Reader)> {
        let connection = endpoint.accept().await.context("closed")?.await?;
        let (mut send, receive) = connection.accept_bi().await?;
        let mut reader = Reader::new(receive);
        let (_, role, request) = bare::hello(&mut reader).await?;
        write_batch(&mut send, &mut bare::welcome(role, request)).await?;
        Ok((send, reader))
    }

    async fn serve(endpoint: quinn::Endpoint, fault: Fault) -> Result<()> {
        let (mut to_bot, mut from_bot) = welcomed(&endpoint).await?;
        let (mut to_agent, _from_agent) = welcomed(&endpoint).await?;
        let (message, sent) =
            (MessageFrame::new(Author::Customer, BODY_BYTES)?, SentFrame::new(TICKET));
        let (mut entries, mut answers, mut number) = (Vec::new(), Vec::new(), 0);
        loop {
            let each = |_: Header, bytes: &[u8]| {
                let (request, body) = bare::read_send(bytes)?;
                number += 1;
                let fault = if number == 50 { fault } else { Fault::None };
                let ticket = if fault == Fault::EntryOfOther { TicketId(1) } else { TICKET };
                let times = match fault {
                    Fault::EntryLost => 0,
                    Fault::EntryDoubled => 2,
                    Fault::None | Fault::EntryOfOther | Fault::AnswerDoubled => 1,
                };
                (0..times).for_each(|_| message.append(&mut entries, ticket, number, body));
                let times = if fault == Fault::AnswerDoubled { 2 } else { 1 };
                (0..times).for_each(|_| sent.append(&mut answers, request, number));
                Ok(())
            };
            from_bot.read(each).await?;
            write_batch(&mut to_agent, &mut entries).await?;
            write_batch(&mut to_bot, &mut answers).await?;
        }
    }

    async fn driven(fault: Fault) -> Result<()> {
        let (server, target) = transport::server()?;
        tokio::spawn(serve(server, fault));
        let client = transport::client(&target)?;
        let pair = Pair {
            bot: Session::open(&client, target.address, &token(0, Role::Bot)).await?,
            agent: Session::open(&client, target.address, &token(0, Role::Agent)).await?,
            frame: SendFrame::customer("contact", BODY_BYTES, true)?,
            ticket: TICKET,
            number: 0,
        };
        // Long enough for fifty messages of which every one waits for its answer.
        let window = Window { warm_up: Duration::ZERO, measured: Duration::from_secs(1) };
        let (_, pairs) = run(vec![pair], Pace::InFlight(4), window).await?;
        ensure!(pairs[0].number > 50, "the fault was never reached");
        Ok(())
    }

    #[tokio::test]
    async fn only_a_server_without_fault_has_a_rate() {
        driven(Fault::None).await.unwrap();
        for (fault, told) in [
            (Fault::EntryLost, "1 were lost"),
            (Fault::EntryDoubled, "came twice"),
            (Fault::EntryOfOther, "came to the agent of"),
            (Fault::AnswerDoubled, "answered twice"),
        ] {
            let error = driven(fault).await.unwrap_err();
            assert!(format!("{error:#}").contains(told), "{fault:?}: {error:#}");
        }
    }
}
