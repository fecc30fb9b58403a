//! Places in line through the daemon: who hears of them, and of which.

use relevo_client::ClientEvent;
use relevo_tests::harness::party::hand_off;
use relevo_tests::harness::wait::within;
use relevo_tests::harness::{Deployment, Inbox, Settings, Site};
use relevo_wire::command::HandOff;
use relevo_wire::push::Position;

fn position(event: &ClientEvent) -> Option<Position> {
    if let ClientEvent::Position(position) = event { Some(position.clone()) } else { None }
}

fn positions(inbox: &Inbox) -> Vec<Position> {
    inbox.others().iter().filter_map(position).collect()
}

#[tokio::test]
async fn a_bot_hears_how_the_customers_move_up_for_whom_it_asked() {
    let settings = Settings { position_interval_seconds: 1, ..Settings::default() };
    let deployment = Deployment::with(&Site::simple(&[("ana", 1)]), settings).await;
    let mut bot = deployment.bot("shop").await;
    let asking = |contact| HandOff { position_updates: true, ..hand_off(contact) };
    let first = bot.hand_over_with(asking("c1")).await;
    let second = bot.hand_over("c2").await;
    let third = bot.hand_over_with(asking("c3")).await.ticket;
    assert_eq!((first.position, second.position), (1, 2));

    let mut ana = deployment.online("ana").await;
    let mut expected = Vec::new();
    for place in [2, 1] {
        let held = ana.assigned().await;
        let moved = Position { ticket: third, position: place, estimated_wait: None };
        assert_eq!(bot.inbox.find("a place", position).await, moved);
        expected.push(moved);
        ana.close(held).await;
    }
    assert_eq!(ana.assigned().await.ticket, third);

    // Whatever was to be told of those before is told when the last one is.
    bot.hand_over_with(asking("c4")).await;
    let last = bot.hand_over_with(asking("c5")).await;
    assert_eq!(last.position, 2);
    within("leave", bot.client.customer_left("c4")).await.expect("a bot may say so");
    let moved = Position { ticket: last.ticket, position: 1, estimated_wait: None };
    assert_eq!(bot.inbox.find("the last place", position).await, moved);
    expected.push(moved);
    assert_eq!(positions(&bot.inbox), expected);
    ana.inbox.drain();
    assert_eq!(positions(&ana.inbox), [], "places are for the bot and its customer");
}
