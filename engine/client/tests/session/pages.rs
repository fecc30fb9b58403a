use crate::come;
use crate::fake::{FakeLane, FakeServer, FakeSession};
use relevo_client::wire::answer::{Answer, DirectoryAnswer, Done};
use relevo_client::wire::command::Command;
use relevo_client::wire::directory::{Agent, Object, Versioned};
use relevo_client::wire::vocabulary::Role;
use relevo_client::{AdminClient, ClientError, Connector};

fn agent(name: &str) -> Versioned<Object> {
    Versioned { version: 1, object: Object::Agent(Agent::new(name, 1)) }
}

fn page(version: u64, names: &[&str], next: Option<u32>) -> DirectoryAnswer {
    DirectoryAnswer { version, objects: names.iter().map(|name| agent(name)).collect(), next }
}

async fn open(server: &FakeServer) -> (AdminClient, FakeSession, FakeLane) {
    let connector = Connector::new();
    let serve = async {
        let mut session = server.accept().await;
        session.welcome(Role::Admin, vec![]).await;
        session
    };
    let (client, session) = tokio::join!(connector.admin(server.options()), serve);
    let client = client.unwrap();
    // The lane of the commands opens with the first of them.
    let (status, lane) = tokio::join!(client.status(), async {
        let mut lane = session.lane().await;
        let request = lane.request().await;
        lane.answer(request.request_id, Answer::Done(Done {})).await;
        lane
    });
    assert!(matches!(status, Err(ClientError::Unexpected("done"))));
    (client, session, lane)
}

/// Answers a request for the page behind so many objects.
async fn tell(lane: &mut FakeLane, after: Option<u32>, page: DirectoryAnswer) {
    let request = lane.request().await;
    let Command::ListDirectory(asked) = request.command else {
        panic!("a page was to be asked for")
    };
    assert_eq!((asked.after, asked.tenant.as_deref()), (after, Some("acme")));
    lane.answer(request.request_id, Answer::Directory(page)).await;
}

#[tokio::test]
async fn pages_of_one_version_become_one_directory() {
    let server = FakeServer::start();
    let (client, _session, mut lane) = open(&server).await;
    let (listed, ()) = tokio::join!(come(client.list_directory(Some("acme".into()))), async {
        tell(&mut lane, None, page(7, &["a", "b"], Some(2))).await;
        tell(&mut lane, Some(2), page(7, &["c"], Some(3))).await;
        tell(&mut lane, Some(3), page(7, &["d"], None)).await;
    });
    let listed = listed.unwrap();
    assert_eq!((listed.version, listed.objects), (7, ["a", "b", "c", "d"].map(agent).to_vec()));
}

#[tokio::test]
async fn a_directory_that_changes_between_pages_is_listed_anew_and_not_for_ever() {
    let server = FakeServer::start();
    let (client, _session, mut lane) = open(&server).await;
    let (listed, ()) = tokio::join!(come(client.list_directory(Some("acme".into()))), async {
        tell(&mut lane, None, page(7, &["a"], Some(1))).await;
        tell(&mut lane, Some(1), page(8, &["c"], None)).await;
        tell(&mut lane, None, page(8, &["b"], Some(1))).await;
        tell(&mut lane, Some(1), page(8, &["c"], None)).await;
    });
    assert_eq!(listed.unwrap().objects, [agent("b"), agent("c")]);

    let restless = tokio::spawn(async move {
        for version in 0.. {
            tell(&mut lane, None, page(2 * version, &["a"], Some(1))).await;
            tell(&mut lane, Some(1), page(2 * version + 1, &["b"], None)).await;
        }
    });
    let listed = come(client.list_directory(Some("acme".into()))).await;
    assert_eq!(listed, Err(ClientError::Restless));
    restless.abort();
}

#[tokio::test]
async fn pages_that_lead_nowhere_come_to_an_end() {
    let server = FakeServer::start();
    let (client, _session, mut lane) = open(&server).await;
    let (listed, ()) = tokio::join!(come(client.list_directory(Some("acme".into()))), async {
        tell(&mut lane, None, page(7, &["a"], Some(1))).await;
        tell(&mut lane, Some(1), page(7, &["b"], Some(1))).await;
    });
    assert_eq!(listed.unwrap().objects.len(), 2);
}
