//! The whole path in any language: JSON lines over QUIC.

use relevo_tests::harness::deployment::TENANT;
use relevo_tests::harness::raw::{JSON, Lane, Raw};
use relevo_tests::harness::{Deployment, Site};
use serde_json::{Value, json};

struct Session {
    _raw: Raw,
    lane: Lane,
    pushed: Vec<Value>,
    next: u64,
}

impl Session {
    async fn open(deployment: &Deployment, name: &str) -> Self {
        let raw = Raw::connect(deployment.daemon.ready().quic, JSON).await;
        let lane = raw.lane().await;
        let mut session = Self { _raw: raw, lane, pushed: Vec::new(), next: 1 };
        let key = deployment.key(TENANT, name);
        let welcome = session.ask(json!({"type": "hello", "token": key})).await;
        assert_eq!(welcome["answer"], "welcome", "{welcome}");
        assert_eq!(welcome["name"], name);
        session
    }

    /// Sends a command; what is pushed before its answer is kept.
    async fn ask(&mut self, mut command: Value) -> Value {
        let id = self.next;
        self.next += 1;
        command["request_id"] = id.into();
        self.lane.write(format!("{command}\n").as_bytes()).await;
        loop {
            let line = self.lane.line().await.expect("the lane is open");
            match line["type"].as_str() {
                Some("answer" | "error") => {
                    assert_eq!(line["request_id"], id, "{line}");
                    return line;
                }
                _ => self.pushed.push(line),
            }
        }
    }

    /// The next entry with this event.
    async fn entry(&mut self, event: &str) -> Value {
        loop {
            let here = self.pushed.iter().position(|line| line["event"] == event);
            if let Some(here) = here {
                return self.pushed.remove(here);
            }
            let line = self.lane.line().await.expect("the lane is open");
            self.pushed.push(line);
        }
    }
}

#[tokio::test]
async fn the_whole_path_in_json() {
    let deployment = Deployment::start(&Site::simple(&[("ana", 1)])).await;
    let mut bot = Session::open(&deployment, "shop").await;
    let mut ana = Session::open(&deployment, "ana").await;
    assert_eq!(
        ana.ask(json!({"type": "set_presence", "intent": "online"})).await["answer"],
        "done"
    );

    let details = json!({
        "contact": {"id": "c1", "name": "Lucía"},
        "transcript": [{"author": "customer", "at": 1, "text": "¿hay \"alguien\"?\n"}],
        "context": {"order": "4711"},
    });
    let hand_off = json!({"type": "hand_off", "reason": "requested", "details": details});
    let accepted = bot.ask(hand_off).await;
    assert_eq!(accepted["answer"], "accepted", "{accepted}");
    assert_eq!(accepted["existing"], false);
    let ticket = accepted["ticket"].clone();

    let handed_off = ana.entry("handed_off").await;
    assert_eq!((&handed_off["ticket"], &handed_off["number"]), (&ticket, &json!(1)));
    assert_eq!(handed_off["details"], details);
    let assigned = ana.entry("assigned").await;
    let epoch = assigned["epoch"].clone();
    let body = |text: &str| json!({"kind": "text", "text": text});
    let say = json!({
        "type": "send", "ticket": ticket, "epoch": epoch, "author": "agent",
        "body": body("hello"), "client_message_id": "m1",
    });
    let sent = ana.ask(say.clone()).await;
    assert_eq!((&sent["answer"], &sent["number"]), (&json!("sent"), &json!(3)));
    assert_eq!(ana.ask(say).await["number"], 3, "the same message is stored once");
    assert_eq!(bot.entry("message").await["body"], body("hello"));
    let customer = json!({
        "type": "send", "contact": "c1", "author": "customer", "body": body("thanks"),
    });
    let sent = bot.ask(customer).await;
    assert_eq!((&sent["holder"], &sent["number"]), (&json!("agent"), &json!(4)));
    assert_eq!(ana.entry("message").await["body"], body("thanks"));

    let stale = json!({"type": "close", "ticket": ticket, "epoch": 1});
    let refused = ana.ask(stale).await;
    assert_eq!(
        (&refused["code"], &refused["present"]["agent"]),
        (&json!("stale_epoch"), &json!("ana"))
    );
    let close = json!({"type": "close", "ticket": ticket, "epoch": epoch, "tags": ["sale"]});
    assert_eq!(ana.ask(close).await["answer"], "done");
    let returned = bot.entry("returned").await;
    assert_eq!(returned["outcome"], "attended");
    assert_eq!(returned["tags"], json!(["sale"]));
    assert_eq!(returned["number"], 5);
}
