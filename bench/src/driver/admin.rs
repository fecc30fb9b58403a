//! An admin's session: the directory and the keys that a run needs, by commands over QUIC.

use super::ledger::Ledger;
use super::session::{Session, decode};
use crate::lane::write_batch;
use anyhow::{Context, Result, bail};
use relevo_wire::command::{CreateKey, Put};
use relevo_wire::directory::Object;
use relevo_wire::frame::{self, Header, ServerFrame};
use relevo_wire::vocabulary::Role;
use relevo_wire::{Answer, Command, Request, RequestId};

/// Commands under way at once.
const UNDER_WAY: usize = 64;

/// An operator's session that works for one tenant.
#[derive(Debug)]
pub struct Admin {
    session: Session,
    tenant: String,
}

impl Admin {
    /// Uses this session for a tenant.
    #[must_use]
    pub fn new(session: Session, tenant: &str) -> Self {
        Self { session, tenant: tenant.to_owned() }
    }

    /// Stores objects, in order.
    ///
    /// # Errors
    /// One was refused.
    pub async fn put(&mut self, objects: Vec<Object>) -> Result<()> {
        let commands = objects.into_iter().map(|object| {
            let of_tenant = !matches!(object, Object::Tenant(_));
            let tenant = of_tenant.then(|| self.tenant.clone());
            Command::Put(Put { tenant, object: Box::new(object), if_version: None })
        });
        let commands = commands.collect();
        self.all(commands).await.map(|_| ())
    }

    /// Makes a key for each of the owners.
    ///
    /// # Errors
    /// One was refused.
    pub async fn keys(&mut self, role: Role, owners: &[String]) -> Result<Vec<String>> {
        let commands = owners.iter().map(|owner| {
            let label = "bench".to_owned();
            let tenant = Some(self.tenant.clone());
            Command::CreateKey(CreateKey { tenant, role, owner: owner.clone(), label })
        });
        let commands = commands.collect();
        let answers = self.all(commands).await?;
        answers
            .into_iter()
            .map(|answer| {
                let Answer::Key(created) = answer else { bail!("no key, but {answer:?}") };
                Ok(created.key)
            })
            .collect()
    }

    /// Does all of it, a bounded number at once; the answers in the commands' order.
    async fn all(&mut self, commands: Vec<Command>) -> Result<Vec<Answer>> {
        let mut ledger = Ledger::new(UNDER_WAY);
        let mut asked = [0; UNDER_WAY];
        let mut answers: Vec<Option<Answer>> = commands.iter().map(|_| None).collect();
        let mut commands = commands.into_iter().enumerate().peekable();
        let mut batch = Vec::new();
        while commands.peek().is_some() || ledger.outstanding() > 0 {
            while commands.peek().is_some()
                && let Some(id) = ledger.open()
            {
                let (at, command) = commands.next().context("just looked")?;
                asked[Ledger::slot(id)] = at;
                let request = Request { request_id: RequestId(id), idempotency_key: None, command };
                frame::write_request(&mut batch, &request);
            }
            write_batch(&mut self.session.send, &mut batch).await?;
            let each = |header: Header, bytes: &[u8]| {
                match decode(header, bytes)? {
                    Some(ServerFrame::Answer(_, Answer::Error(error))) => bail!("{error}"),
                    Some(ServerFrame::Answer(id, answer)) => {
                        answers[asked[ledger.close(id.0)?]] = Some(answer);
                    }
                    Some(ServerFrame::Push(_)) | None => {}
                }
                Ok(())
            };
            self.session.reader.read(each).await?;
        }
        answers.into_iter().map(|answer| answer.context("a command without an answer")).collect()
    }
}
