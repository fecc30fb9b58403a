//! A customer's whole path, from the bot's hand-off to the bot's having the conversation again.

use relevo_routing::texts;
use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::inbox::said;
use relevo_tests::harness::party::hand_off_with;
use relevo_tests::harness::wait::until_equal;
use relevo_tests::harness::{Deployment, Site};
use relevo_wire::answer::AgentsOnlineAnswer;
use relevo_wire::command::HandOff;
use relevo_wire::directory::{Bot, Object, Queue};
use relevo_wire::push::EntryEvent;
use relevo_wire::vocabulary::{
    Author, CloseReason, Contact, HandOffDetails, Holder, Language, Outcome, Text, Texts,
    TranscriptLine,
};

fn details() -> HandOffDetails {
    HandOffDetails {
        contact: Contact {
            id: "+34600000001".into(),
            name: "Lucía".into(),
            fields: vec![("city".into(), "Vigo".into())],
        },
        message_to_agent: "wants to change an order".into(),
        transcript: vec![
            TranscriptLine { author: Author::Customer, at: 1, text: "hola".into() },
            TranscriptLine { author: Author::Bot, at: 2, text: "¿en qué ayudo?".into() },
        ],
        context: vec![("order".into(), "4711".into())],
    }
}

#[tokio::test]
async fn a_customer_waits_is_served_and_returns_to_the_bot() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 2)])).await;
    let mut bot = deployment.bot("shop").await;
    let online = bot.client.agents_online(None).await.unwrap();
    assert_eq!(online, AgentsOnlineAnswer::No);

    // Nobody is there: queued, with the text for it.
    let accepted = bot.hand_over_with(hand_off_with(details())).await;
    assert_eq!((accepted.existing, accepted.position, accepted.truncated), (false, 1, false));
    assert_eq!(accepted.text, texts::shipped(Language::En, Text::Offline));
    let contact = details().contact.id;
    let sent = bot.customer(&contact, "still there?").await;
    assert_eq!((sent.holder, sent.ticket), (Holder::Queue, Some(accepted.ticket)));

    // The agent comes: the hand-off whole, what was written meanwhile, then the assignment.
    let mut ana = deployment.online("ana").await;
    let held = ana.assigned().await;
    assert_eq!(held.ticket, accepted.ticket);
    assert!(held.epoch > accepted.epoch);
    let came = ana.inbox.entries(held.ticket);
    let EntryEvent::HandedOff(handed_off) = &came[0].event else { panic!("{came:?}") };
    assert_eq!(handed_off.details.as_ref().unwrap().unpack().unwrap(), details());
    assert_eq!((handed_off.bot.as_str(), handed_off.queue.as_str()), ("shop", "sales"));
    assert_eq!(said(&came[1]), Some((Author::Customer, "still there?".to_owned())));
    assert_eq!(came.iter().map(|entry| entry.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(bot.client.agents_online(None).await.unwrap(), AgentsOnlineAnswer::Yes);

    // Words both ways, each author's own answer standing for its entry.
    let sent = ana.say(held, "I am Ana").await;
    assert_eq!((sent.holder, sent.ticket, sent.number), (Holder::Agent, Some(held.ticket), 4));
    let heard = bot.inbox.message("I am Ana").await;
    assert_eq!((heard.ticket, heard.number), (held.ticket, 4));
    assert_eq!(bot.customer(&contact, "thank you").await.holder, Holder::Agent);
    assert_eq!(ana.inbox.message("thank you").await.number, 5);

    // The end: the bot has the conversation again.
    ana.close(held).await;
    let returned = bot.inbox.returned(held.ticket).await;
    assert_eq!((returned.reason, returned.outcome), (CloseReason::Agent, Outcome::Attended));
    assert!(returned.epoch > held.epoch);
    ana.inbox.returned(held.ticket).await;
    bot.inbox.assert_dense(held.ticket, 6);
    ana.inbox.assert_dense(held.ticket, 6);
    let after = bot.customer(&contact, "bye").await;
    assert_eq!((after.holder, after.ticket), (Holder::Bot, None));

    // One message each way came as it was said; what was caught up is no relay. It is counted once
    // it is written, which its receiver may know first.
    let relayed = async || deployment.scrape().await.sum("relevo_relay_seconds_count", &[]);
    until_equal("each relay is timed", 2.0, relayed).await;

    let scrape = deployment.scrape().await;
    let queue = [("tenant", TENANT), ("bot", "shop"), ("queue", "sales")];
    assert_eq!(scrape.sum("relevo_first_response_seconds_count", &queue), 1.0);
    assert_eq!(scrape.sum("relevo_queue_wait_seconds_count", &queue), 1.0);
    assert_eq!(scrape.sum("relevo_tickets_closed_total", &queue), 1.0);
}

#[tokio::test]
async fn a_hand_off_that_is_too_long_is_cut_and_the_answer_says_so() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let bot = deployment.bot("shop").await;
    let said = |number: u32| {
        let text = format!("{number}: {}", "x".repeat(2_000));
        TranscriptLine { author: Author::Customer, at: 1, text }
    };
    let context = |number: u32| (number.to_string(), "known".to_owned());
    let long = HandOffDetails {
        transcript: (0..300).map(said).collect(),
        context: (0..70).map(context).collect(),
        ..details()
    };
    let accepted = bot.hand_over_with(hand_off_with(long)).await;
    assert!(accepted.truncated);
    let mut ana = deployment.online("ana").await;
    let held = ana.assigned().await;
    let came = ana.inbox.entries(held.ticket);
    let EntryEvent::HandedOff(handed_off) = &came[0].event else { panic!("{came:?}") };
    let kept = handed_off.details.as_ref().unwrap().unpack().unwrap();
    assert_eq!(kept.contact, details().contact);
    assert_eq!(kept.transcript.last(), Some(&said(299)), "the newest stay");
    assert!(kept.transcript.len() < 256, "{} lines of 2 KB", kept.transcript.len());
    assert_eq!(kept.context, (6..70).map(context).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_customer_is_told_in_its_language_in_the_first_words_that_there_are() {
    let own = Texts::default().with_in(Language::Es, Text::Offline, "Volvemos a las nueve");
    let site = Site::new(TENANT)
        .bot("shop", "help")
        .queue(queue("shop", "help", &[]))
        .queue(Queue { texts: own, ..queue("shop", "sales", &[]) });
    let mut deployment = Deployment::start(&site).await;
    let shop = deployment.bot("shop").await;
    let told = async |hand_off| shop.hand_over_with(hand_off).await.text;
    let speaks = |contact: &str, tag: &str| HandOff {
        language: Some(tag.into()),
        ..hand_off_with(HandOffDetails {
            contact: Contact { id: contact.into(), ..Contact::default() },
            ..HandOffDetails::default()
        })
    };
    let offline = |language| texts::shipped(language, Text::Offline);
    assert_eq!(told(speaks("c1", "es-MX")).await, offline(Language::Es));
    assert_eq!(told(speaks("c2", "pt-BR")).await, offline(Language::PtBr));
    let said_nothing = HandOff { language: None, ..speaks("c3", "") };
    assert_eq!(told(said_nothing).await, offline(Language::En));
    assert_eq!(told(speaks("c4", "ja")).await, offline(Language::En), "nobody is lost for a tag");
    let to_sales = |handed: HandOff| HandOff { queue: Some("sales".into()), ..handed };
    assert_eq!(told(to_sales(speaks("c5", "es"))).await, "Volvemos a las nueve");
    assert_eq!(told(to_sales(speaks("c6", "pt"))).await, offline(Language::PtBr));
    let words = Texts::default().with(Text::Offline, "Ya viene alguien");
    let brings = HandOff { texts: Some(words), ..to_sales(speaks("c7", "es")) };
    assert_eq!(told(brings).await, "Ya viene alguien");

    // What the contact's own fields say goes before the bot's language.
    let portuguese = Bot { language: Language::PtBr, ..Bot::new("shop", "help") };
    let admin = deployment.admin().await;
    admin.put(Some(TENANT.to_owned()), Object::Bot(portuguese), None).await.unwrap();
    assert_eq!(told(speaks("c8", "ja")).await, offline(Language::PtBr));
    let fields = vec![("language".into(), "es_CL".into())];
    let contact = Contact { id: "c9".into(), fields, ..Contact::default() };
    let known = hand_off_with(HandOffDetails { contact, ..HandOffDetails::default() });
    assert_eq!(told(known).await, offline(Language::Es));

    // A ticket keeps its language, whoever repeats the hand-off, and over a restart.
    deployment.daemon.kill().await;
    deployment.daemon.restart().await;
    let shop = deployment.bot("shop").await;
    let again = shop.hand_over_with(speaks("c1", "pt-BR")).await;
    assert!(again.existing);
    assert_eq!(again.text, offline(Language::Es));
}
