//! Bots, customers and agents, each over a real QUIC session.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use relevo_client::{AgentClient, BotClient, ClientEvent, Events, HandOffAnswer, MessageOptions};
use relevo_wire::TicketId;
use relevo_wire::command::HandOff;
use relevo_wire::packed::Packed;
use relevo_wire::push::{Entry, EntryEvent};
use relevo_wire::vocabulary::{
    Author, Body, Contact, HandOffDetails, HandOffReason, Intent, TranscriptLine,
};
use tokio::time::sleep;

use super::dialogue;
use super::figures::Figures;
use super::stage::{BOTS, QUEUES};

/// Customers a second over all bots: a little more than twenty agents with two seats serve, so that
/// a line forms and customers wait.
const ARRIVALS_PER_SECOND: f64 = 3.0;
/// How long an agent thinks before it writes.
const THINK_MS: std::ops::Range<u64> = 600..2_500;
/// How often agent and customer answer each other.
const TURNS: std::ops::Range<u32> = 2..6;
/// A customer who waits longer leaves.
const PATIENCE_MS: std::ops::Range<u64> = 8_000..40_000;

/// Hands customers over, for ever.
pub(super) async fn customers(bots: Vec<BotClient>, figures: Arc<Figures>, seed: u64) {
    let mut random = SmallRng::seed_from_u64(seed);
    for number in 0_u64.. {
        // Poisson arrivals: exponential gaps.
        let gap = -random.random::<f64>().max(f64::MIN_POSITIVE).ln() / ARRIVALS_PER_SECOND;
        sleep(Duration::from_secs_f64(gap)).await;
        let bot = bots[random.random_range(0..BOTS.len())].clone();
        let figures = Arc::clone(&figures);
        let random = SmallRng::seed_from_u64(seed ^ (number << 20));
        tokio::spawn(async move {
            if let Err(error) = customer(bot, &figures, number, random).await {
                tracing::debug!(%error, "a customer of the demonstration gave up");
            }
        });
    }
}

async fn customer(
    bot: BotClient,
    figures: &Figures,
    number: u64,
    mut random: SmallRng,
) -> Result<(), relevo_client::ClientError> {
    let id = format!("+5255{number:08}");
    let problem = dialogue::problem(&mut random);
    let details = HandOffDetails {
        contact: Contact {
            id: id.clone(),
            name: dialogue::name(&mut random),
            fields: vec![("language".into(), "es".into())],
        },
        message_to_agent: "The customer asked for a person.".into(),
        transcript: vec![
            TranscriptLine { author: Author::Customer, at: now_us(), text: problem.clone() },
            TranscriptLine {
                author: Author::Bot,
                at: now_us(),
                text: "I will connect you with a colleague.".into(),
            },
        ],
        context: vec![("order".into(), format!("{:08}", random.random_range(0..99_999_999)))],
    };
    let since = Instant::now();
    let answer = bot
        .hand_off(HandOff {
            queue: Some(QUEUES[usize::from(random.random_bool(0.4))].into()),
            reason: HandOffReason::Requested,
            details: Packed::new(&details),
            priority: None,
            preferred_agent: None,
            language: Some("es".into()),
            texts: None,
            position_updates: false,
            test: false,
            dry_run: false,
        })
        .await?;
    let HandOffAnswer::Accepted(accepted) = answer else { return Ok(()) };
    figures.handed_over(accepted.ticket, &id, since);
    bot.send_customer(id.clone(), MessageOptions::default(), &Body::text(problem)).await?;
    let patience = Duration::from_millis(random.random_range(PATIENCE_MS));
    sleep(patience).await;
    if figures.is_waiting(accepted.ticket) {
        bot.customer_left(id).await?;
        figures.left();
    }
    Ok(())
}

/// Reads what comes for a bot, and lets its customers answer.
pub(super) async fn bot(bot: BotClient, mut events: Events, figures: Arc<Figures>, seed: u64) {
    let mut random = SmallRng::seed_from_u64(seed);
    while let Some(event) = events.next().await {
        let ClientEvent::Entry(Entry { ticket, event, .. }) = event else { continue };
        match event {
            EntryEvent::Assigned(_) => figures.assigned(ticket),
            EntryEvent::Message(message) if message.author == Author::Agent => {
                figures.first_response(ticket);
                let said = message.body.unpack().map(|body| body.text).unwrap_or_default();
                if let Some(contact) = figures.contact(ticket).filter(|_| said.contains('?')) {
                    answer_later(bot.clone(), contact, dialogue::detail(&mut random));
                }
            }
            EntryEvent::Returned(_) => figures.closed(ticket),
            EntryEvent::Message(_)
            | EntryEvent::Empty(_)
            | EntryEvent::HandedOff(_)
            | EntryEvent::Requeued(_)
            | EntryEvent::Held(_)
            | EntryEvent::Parked(_)
            | EntryEvent::Unparked(_)
            | EntryEvent::Inactive(_)
            | EntryEvent::TransferAsked(_)
            | EntryEvent::Transferred(_) => {}
        }
    }
}

fn answer_later(bot: BotClient, contact: String, text: String) {
    tokio::spawn(async move {
        sleep(Duration::from_millis(700)).await;
        let said = bot.send_customer(contact, MessageOptions::default(), &Body::text(text)).await;
        if let Err(error) = said {
            tracing::debug!(%error, "a customer of the demonstration could not answer");
        }
    });
}

/// Serves whoever is assigned.
pub(super) async fn agent(agent: AgentClient, mut events: Events, seed: u64) {
    let mut random = SmallRng::seed_from_u64(seed);
    if let Err(error) = agent.set_presence(Intent::Online, "").await {
        tracing::warn!(%error, "an agent of the demonstration did not come online");
    }
    let me = agent.welcome().name.clone();
    while let Some(event) = events.next().await {
        let ClientEvent::Entry(Entry { ticket, event, .. }) = event else { continue };
        match event {
            EntryEvent::Assigned(assigned) if assigned.agent == me => {
                let serving = agent.clone();
                let random = SmallRng::seed_from_u64(random.random());
                tokio::spawn(async move {
                    if let Err(error) = serve(serving, ticket, assigned.epoch, random).await {
                        tracing::debug!(%error, "a conversation of the demonstration broke off");
                    }
                });
            }
            EntryEvent::Message(_)
            | EntryEvent::Assigned(_)
            | EntryEvent::Empty(_)
            | EntryEvent::HandedOff(_)
            | EntryEvent::Requeued(_)
            | EntryEvent::Held(_)
            | EntryEvent::Parked(_)
            | EntryEvent::Unparked(_)
            | EntryEvent::Inactive(_)
            | EntryEvent::TransferAsked(_)
            | EntryEvent::Transferred(_)
            | EntryEvent::Returned(_) => {}
        }
    }
}

async fn serve(
    agent: AgentClient,
    ticket: TicketId,
    epoch: u32,
    mut random: SmallRng,
) -> Result<(), relevo_client::ClientError> {
    let think = |random: &mut SmallRng| Duration::from_millis(random.random_range(THINK_MS));
    sleep(think(&mut random)).await;
    let mut say = dialogue::greeting(&mut random);
    for _ in 0..random.random_range(TURNS) {
        agent.send(ticket, epoch, MessageOptions::default(), &Body::text(say)).await?;
        sleep(think(&mut random) * 2).await;
        say = dialogue::step(&mut random);
    }
    let goodbye = Body::text(dialogue::farewell(&mut random));
    agent.send(ticket, epoch, MessageOptions::default(), &goodbye).await?;
    agent.close_ticket(ticket, epoch, vec!["solved".into()]).await
}

fn now_us() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_micros()).unwrap_or(u64::MAX)
}
