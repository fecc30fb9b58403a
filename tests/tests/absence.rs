//! Agents who are away for a bot, through the daemon: who is told, and who gets the ticket.

use relevo_client::ClientEvent;
use relevo_tests::harness::deployment::{TENANT, queue};
use relevo_tests::harness::party::{assert_refused, hand_off};
use relevo_tests::harness::wait::within;
use relevo_tests::harness::{Deployment, Inbox, Site};
use relevo_wire::command::HandOff;
use relevo_wire::error::ErrorCode;
use relevo_wire::push::Absence;

fn site() -> Site {
    let members = ["ana", "bea"];
    let site = members.iter().fold(Site::new(TENANT), |site, name| site.agent(name, 1));
    site.bot("shop", "sales").queue(queue("shop", "sales", &members))
}

async fn absence(inbox: &mut Inbox) -> Absence {
    let pick = |event: &ClientEvent| {
        if let ClientEvent::Absence(absence) = event { Some(absence.clone()) } else { None }
    };
    inbox.find("an absence", pick).await
}

#[tokio::test]
async fn who_is_away_is_told_so_on_every_device_and_a_colleague_has_what_is_meant_for_it() {
    let mut deployment = Deployment::start(&site()).await;
    let bot = deployment.bot("shop").await;
    let mut ana = deployment.online("ana").await;
    deployment.online("bea").await;
    let away = ana.client.go_away_for("shop", "back on Monday", Some("bea".into()));
    within("away", away).await.expect("she may");
    let told = Absence {
        bot: "shop".into(),
        on: true,
        text: "back on Monday".into(),
        colleague: Some("bea".into()),
    };
    assert_eq!(absence(&mut ana.inbox).await, told);
    deployment.crash().await;
    let mut phone = deployment.agent("ana").await;
    let mut bea = deployment.agent("bea").await;
    assert_eq!(
        absence(&mut phone.inbox).await,
        told,
        "whoever comes is told, and a restart ends nothing"
    );

    let asks = HandOff { preferred_agent: Some("ana".into()), ..hand_off("c1") };
    let accepted = bot.hand_over_with(asks).await;
    let absent = accepted.absent.expect("the bot is told");
    assert_eq!((absent.agent.as_str(), absent.text.as_str()), ("ana", "back on Monday"));
    assert_eq!(absent.colleague.as_deref(), Some("bea"));
    assert_eq!(bea.assigned().await.ticket, accepted.ticket);

    let waiting = bot.hand_over("c2").await;
    assert_eq!(waiting.position, 1, "ana has a free seat, and gets nothing");
    within("back", phone.client.come_back_for("shop")).await.expect("she may");
    assert!(!absence(&mut phone.inbox).await.on);
    assert_eq!(phone.assigned().await.ticket, waiting.ticket);
    let unknown = within("away", phone.client.go_away_for("other", "", None)).await;
    assert_refused(unknown, ErrorCode::NotFound);
}
