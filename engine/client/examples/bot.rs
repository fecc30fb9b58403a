//! A bot with one customer: hands it over, passes on what it says, prints what the agent says.
//!
//! `RELEVO_FINGERPRINT=... RELEVO_KEY=... cargo run -p relevo-client --example bot`

use relevo_client::wire::Packed;
use relevo_client::wire::command::HandOff;
use relevo_client::wire::push::EntryEvent;
use relevo_client::wire::vocabulary::{Body, Contact, HandOffDetails, HandOffReason};
use relevo_client::{ClientEvent, Connector, HandOffAnswer, MessageOptions, Options, Trust};
use std::env::var;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "an example shows what happens")]
async fn main() -> anyhow::Result<()> {
    let server = var("RELEVO_SERVER").unwrap_or_else(|_| "127.0.0.1:7443".into()).parse()?;
    let trust = Trust::fingerprint(&var("RELEVO_FINGERPRINT")?)?;
    let options = Options::bot(server, trust, var("RELEVO_KEY")?);
    let (bot, mut events) = Connector::new().bot(options).await?;

    let contact = Contact { id: "+5511999990000".into(), name: "Ana".into(), fields: vec![] };
    let details = HandOffDetails { contact, ..HandOffDetails::default() };
    let hand_off = HandOff {
        queue: None,
        reason: HandOffReason::Requested,
        details: Packed::new(&details),
        priority: None,
        preferred_agent: None,
        language: None,
        texts: None,
        position_updates: false,
        test: false,
        dry_run: false,
    };
    match bot.hand_off(hand_off).await? {
        HandOffAnswer::Accepted(accepted) => println!("{}: {}", accepted.ticket, accepted.text),
        HandOffAnswer::Rejected(rejected) => anyhow::bail!("refused: {}", rejected.reason),
    }
    let hello = Body::text("Hello, my order has not come.");
    bot.send_customer(&details.contact.id, MessageOptions::default(), &hello).await?;

    while let Some(event) = events.next().await {
        let ClientEvent::Entry(entry) = event else { continue };
        if let EntryEvent::Message(message) = &entry.event {
            println!("{:?}: {}", message.author, message.body.unpack()?.text);
        } else if let EntryEvent::Assigned(assigned) = &entry.event {
            println!("{} has it now", assigned.agent);
        } else if let EntryEvent::Returned(returned) = &entry.event {
            println!("it is over: {:?}, {:?}", returned.reason, returned.outcome);
            break;
        }
    }
    bot.close().await;
    Ok(())
}
