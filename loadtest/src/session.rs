//! One session, one task: takes events and what is due to its desk, and performs what the desk
//! asks for.

use crate::desk::{Action, Answered, Desk, Due, Tag};
use crate::pacer::Pacer;
use crate::phases::Phase;
use crate::world::World;
use relevo_client::wire::answer::Answer;
use relevo_client::wire::command::Command;
use relevo_client::{Client, ClientError, ClientEvent, Events};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;

/// Inputs that may wait for a session. A bot's conversations wait here when the daemon stalls.
pub const MAILBOX: usize = 65_536;

/// Something for a session.
#[derive(Debug)]
pub enum Input {
    /// Something is due.
    Due {
        /// What.
        due: Due,
        /// When it was meant to be, in microseconds from the start of the run.
        intended_us: u64,
        /// When the pacer could say it at the earliest.
        expected_us: u64,
    },
    /// An answer came.
    Answered(Answered),
    /// The session is to begin.
    Begin(Pacer),
    /// The session is to end.
    End,
}

/// A session and what belongs to it.
pub struct Session {
    /// Its place among the sessions.
    pub number: usize,
    /// The world.
    pub world: Arc<World>,
    /// What it does.
    pub desk: Desk,
    /// Its requests.
    pub client: Client,
    /// Its events.
    pub events: Events,
    /// For answers.
    pub mailbox: mpsc::Sender<Input>,
    /// What is for it.
    pub inputs: mpsc::Receiver<Input>,
}

impl Session {
    /// Runs until it is told to end, or the session is over. Gives back why it was over.
    pub async fn run(mut self) -> Option<String> {
        let Some(Input::Begin(pacer)) = self.inputs.recv().await else { return None };
        let mut actions = Vec::new();
        self.desk.opened(self.world.clock.now_us(), &mut actions);
        loop {
            self.perform(&pacer, &mut actions).await;
            tokio::select! {
                event = self.events.next() => match event {
                    Some(event) => self.take_event(event, &mut actions),
                    None => return Some(self.events.end_reason().unwrap_or_default()),
                },
                input = self.inputs.recv() => match input {
                    Some(Input::End) | None => break,
                    Some(input) => self.take_input(input, &mut actions),
                },
            }
        }
        self.client.close().await;
        None
    }

    fn take_event(&mut self, event: ClientEvent, actions: &mut Vec<Action>) {
        let now_us = self.world.clock.now_us();
        match event {
            // An agent may get the rest of what an earlier run on this daemon began.
            ClientEvent::Entry(entry) if self.world.is_older(entry.ticket) => {}
            ClientEvent::Entry(entry) => self.desk.saw(entry, now_us, actions),
            ClientEvent::Disconnected { reason } => {
                self.world.tally.lost_connections.fetch_add(1, Ordering::Relaxed);
                self.world.tally.failed("connection", &reason);
                self.desk.connected(false, now_us);
            }
            ClientEvent::Reconnected => {
                self.world.tally.reconnected.fetch_add(1, Ordering::Relaxed);
                self.desk.connected(true, now_us);
            }
            ClientEvent::Snapshot(_)
            | ClientEvent::Progress(_)
            | ClientEvent::Typing(_)
            | ClientEvent::Position(_)
            | ClientEvent::Presence(_)
            | ClientEvent::Offer(_)
            | ClientEvent::OfferEnded(_)
            | ClientEvent::WrapUp(_)
            | ClientEvent::Absence(_)
            | ClientEvent::Target(_)
            | ClientEvent::GoAway(_) => {}
        }
    }

    fn take_input(&mut self, input: Input, actions: &mut Vec<Action>) {
        match input {
            Input::Due { due, intended_us, expected_us } => {
                let now_us = self.world.clock.now_us();
                self.world.recorder.record(Phase::Slippage, now_us.saturating_sub(expected_us));
                if due == Due::Drop {
                    self.world.tally.dropped.fetch_add(1, Ordering::Relaxed);
                    self.client.cut_connection();
                }
                self.desk.due(due, intended_us, now_us, actions);
            }
            Input::Answered(answered) => self.desk.answered(answered, actions),
            Input::Begin(_) | Input::End => {}
        }
    }

    async fn perform(&mut self, pacer: &Pacer, actions: &mut Vec<Action>) {
        while !actions.is_empty() {
            for action in std::mem::take(actions) {
                match action {
                    Action::Schedule { due_us, due } => {
                        pacer.schedule(self.world.clock.now_us(), due_us, self.number, due);
                    }
                    Action::Request { command, once, tag, intended_us } => {
                        if let Err(error) = self.request(*command, once, tag, intended_us).await {
                            let answered = self.answered(tag, intended_us, Err(error));
                            self.desk.answered(answered, actions);
                        }
                    }
                }
            }
        }
    }

    /// Puts a request in line; its answer comes to the mailbox. Waits only while too many are
    /// unanswered.
    async fn request(
        &self,
        command: Command,
        once: bool,
        tag: Tag,
        intended_us: u64,
    ) -> Result<(), ClientError> {
        let key = once.then(|| self.client.unique_id());
        let pending = self.client.request_start(command, key).await?;
        let (world, mailbox) = (Arc::clone(&self.world), self.mailbox.clone());
        tokio::spawn(async move {
            let result = pending.await;
            let at_us = world.clock.now_us();
            let answered = Answered { tag, intended_us, at_us, result };
            // A session that has ended wants no answer.
            drop(mailbox.send(Input::Answered(answered)).await);
        });
        Ok(())
    }

    fn answered(
        &self,
        tag: Tag,
        intended_us: u64,
        result: Result<Answer, ClientError>,
    ) -> Answered {
        Answered { tag, intended_us, at_us: self.world.clock.now_us(), result }
    }
}
