//! From an action that speaks of small numbers to a command that speaks of what is there.

use crate::ask::{Among, Ask, By, Guard, HandOver, Line, Side, Step, To, Which};
use crate::notices::words;
use crate::pair::{DIGEST, Pair, START};
use crate::shapes::{agent_name, bot_name, queue_name};
use relevo_routing::event::{Absence, QueueModeSet, RulesHeld};
use relevo_routing::input::{HandOff, Input, Key, Party, Target};
use relevo_wire::command::{Change, DeleteChange, PutChange};
use relevo_wire::directory::ObjectRef;
use relevo_wire::vocabulary::{HandOffReason, Role, TicketState};
use relevo_wire::{AgentId, BotId, ContactKey, QueueId, TicketId};

impl Pair {
    /// An action that is one command; none when it is about a ticket and there is none.
    pub(crate) fn input(&self, ask: &Ask) -> Option<Input> {
        Some(match ask {
            Ask::HandOff(hand_over) => Input::HandOff(self.hand_off(hand_over)),
            Ask::CustomerMessage { contact, id, bytes } => {
                let (bot, contact) = self.contact(*contact);
                Input::CustomerMessage { bot, contact, client_message: digit(*id), bytes: *bytes }
            }
            Ask::Words { ticket, bytes } => {
                let ticket = self.reference.ticket(self.which(*ticket)?);
                let (bot, contact) = (ticket.bot, ticket.contact);
                Input::CustomerMessage { bot, contact, client_message: None, bytes: *bytes }
            }
            Ask::BotMessage { ticket, stale, id, bytes } => {
                let (ticket, epoch) = self.believed(*ticket, *stale)?;
                let bot = self.reference.ticket(ticket).bot;
                let client_message = digit(*id);
                Input::BotMessage { bot, ticket, epoch, client_message, bytes: *bytes }
            }
            Ask::AgentMessage { ticket, by, stale, id, bytes } => {
                let (ticket, epoch) = self.believed(*ticket, *stale)?;
                let (agent, client_message) = (self.by(*by, ticket), digit(*id));
                Input::AgentMessage { agent, ticket, epoch, client_message, bytes: *bytes }
            }
            Ask::CustomerLeft { contact } => {
                let (bot, contact) = self.contact(*contact);
                Input::CustomerLeft { bot, contact }
            }
            Ask::Leaves(ticket) => {
                let ticket = self.reference.ticket(self.which(*ticket)?);
                Input::CustomerLeft { bot: ticket.bot, contact: ticket.contact }
            }
            Ask::Again { ticket, dry_run } => {
                let ticket = self.reference.ticket(self.which(*ticket)?);
                let (bot, contact) = (ticket.bot, ticket.contact);
                Input::HandOff(again(bot, contact, *dry_run))
            }
            Ask::TakeBack { ticket } => {
                let ticket = self.which(*ticket)?;
                Input::TakeBack { bot: self.reference.ticket(ticket).bot, ticket }
            }
            Ask::Progress { ticket, by, delivered, read } => {
                let ticket = self.which(*ticket)?;
                let known = self.reference.ticket(ticket);
                let party = match by {
                    Side::Bot => Party::Bot(known.bot),
                    Side::Agent(by) => Party::Agent(self.by(*by, ticket)),
                };
                let from_end = |back: &u8| (known.last + 1).saturating_sub(u32::from(*back));
                let (delivered, read) = (from_end(delivered), from_end(read));
                Input::Progress { party, ticket, delivered, read }
            }
            Ask::Next { agent, queue } => {
                Input::Next { agent: self.agent(*agent), queue: queue.map(|q| self.queue(q)) }
            }
            Ask::Targets { ticket, by } => {
                let ticket = self.which(*ticket)?;
                Input::Targets { agent: self.by(*by, ticket), ticket }
            }
            Ask::Transfer { ticket, by, stale, to, note } => {
                let (ticket, epoch) = self.believed(*ticket, *stale)?;
                let agent = self.by(*by, ticket);
                let to = match to {
                    To::Queue(line) => {
                        Target::Queue(self.line(*line, self.reference.ticket(ticket).bot))
                    }
                    To::Agent(agent) => Target::Agent(self.agent(*agent)),
                };
                Input::Transfer { agent, ticket, epoch, to, note: *note }
            }
            Ask::Close { ticket, by, stale, tags } => {
                let (ticket, epoch) = self.believed(*ticket, *stale)?;
                let tags = (0..*tags).map(|tag| format!("t{tag}")).collect();
                Input::Close { agent: self.by(*by, ticket), ticket, epoch, tags }
            }
            Ask::Accept { ticket, by } => {
                let ticket = self.which(*ticket)?;
                Input::Accept { agent: self.by(*by, ticket), ticket }
            }
            Ask::Decline { ticket, by } => {
                let ticket = self.which(*ticket)?;
                Input::Decline { agent: self.by(*by, ticket), ticket }
            }
            Ask::Hold { ticket, by, stale, on } => {
                let (ticket, epoch) = self.believed(*ticket, *stale)?;
                Input::Hold { agent: self.by(*by, ticket), ticket, epoch, on: *on }
            }
            Ask::Park { ticket, by, stale, seconds } => {
                let (ticket, epoch) = self.believed(*ticket, *stale)?;
                let until = self.now + seconds * 1_000_000;
                Input::Park { agent: self.by(*by, ticket), ticket, epoch, until }
            }
            Ask::Unpark { ticket, by, stale } => {
                let (ticket, epoch) = self.believed(*ticket, *stale)?;
                Input::Unpark { agent: self.by(*by, ticket), ticket, epoch }
            }
            Ask::WrapUpDone { ticket, by, tags } => {
                let ticket = self.which(*ticket)?;
                let tags = (0..*tags).map(|tag| format!("t{tag}")).collect();
                Input::WrapUpDone { agent: self.by(*by, ticket), ticket, tags }
            }
            Ask::SetAbsence { agent, bot, colleague, words, on, own } => {
                let bot = self.reference.bot_id(&bot_name(*bot)).unwrap_or(BotId(99));
                let colleague = colleague.map(|colleague| self.agent(colleague));
                let text = if *words { "back on Monday".to_owned() } else { String::new() };
                let absence = Absence { text, colleague };
                let absence = on.then_some(absence);
                Input::SetAbsence { agent: self.agent(*agent), bot, absence, own: *own }
            }
            Ask::Notify(queue, bytes, spanish) => {
                Input::NotifyWaiting { queue: self.queue(*queue), words: words(*bytes, *spanish) }
            }
            Ask::SetMode { queue, mode, text, in_us } => Input::SetQueueMode(QueueModeSet {
                queue: self.queue(*queue),
                mode: *mode,
                text: "x".repeat(*text),
                until: in_us.map(|in_us| self.reference.now + in_us),
            }),
            Ask::Reopen { ticket, by } => {
                let ticket = self.which(*ticket)?;
                Input::Reopen { agent: self.by(*by, ticket), ticket }
            }
            Ask::Contacts(ask) => self.about_contact(ask),
            Ask::Explain { ticket } => Input::Explain { ticket: self.which(*ticket)? },
            Ask::Put { object, version } => {
                let object = object.object();
                let if_version = self.guard(&object.reference(), *version);
                Input::Put { object: Box::new(object), if_version }
            }
            Ask::Delete(named) => Input::Delete { object: named.reference() },
            Ask::Apply { steps, dry_run } => Input::Apply {
                changes: steps.iter().map(|step| self.change(step)).collect(),
                dry_run: *dry_run,
            },
            Ask::CreateKey { role, owner, prefix } => Input::CreateKey(key(*role, *owner, *prefix)),
            Ask::RevokeKey { prefix } => Input::RevokeKey { prefix: format!("p{prefix}") },
        })
    }

    fn hand_off(&self, hand_over: &HandOver) -> HandOff {
        let (bot, contact) = self.contact(hand_over.contact);
        HandOff {
            bot,
            contact,
            queue: hand_over.queue.map(|line| self.line(line, bot)),
            queue_of_rule: hand_over.queue_of_rule.map(|line| self.line(line, bot)),
            reason: HandOffReason::Requested,
            priority: hand_over.priority,
            priority_of_rule: hand_over.priority_of_rule,
            demand: hand_over.demand.clone(),
            rules: hand_over.queue_of_rule.map(|_| {
                let rule = Some((2, "rule".to_owned()));
                Box::new(RulesHeld { version: 1, rule, ..RulesHeld::default() })
            }),
            preferred_agent: hand_over.preferred.map(|agent| self.agent(agent)),
            language: hand_over.language,
            texts: hand_over.texts.as_ref().map(|texts| texts.texts("hand-off")),
            truncated: hand_over.truncated,
            position_updates: hand_over.contact.is_multiple_of(2),
            test: hand_over.test,
            dry_run: hand_over.dry_run,
            bytes: hand_over.bytes,
        }
    }

    /// A contact is a bot's own: the last three are the second bot's.
    pub(crate) fn contact(&self, number: u8) -> (BotId, ContactKey) {
        let bot = bot_name(u8::from(number >= 8));
        let bot = self.reference.bot_id(&bot).unwrap_or(BotId(99));
        (bot, ContactKey(DIGEST.wrapping_mul(u128::from(number) + 1)))
    }

    pub(crate) fn agent(&self, number: u8) -> AgentId {
        self.reference.agent_id(&agent_name(number)).unwrap_or(AgentId(u32::from(number)))
    }

    fn queue(&self, number: u8) -> QueueId {
        let (bot, name) = queue_name(number);
        let found = self.reference.bot_id(&bot).and_then(|b| self.reference.queue_id(b, &name));
        found.unwrap_or(QueueId(u32::from(number)))
    }

    fn line(&self, line: Line, bot: BotId) -> QueueId {
        match line {
            Line::Any(number) => self.queue(number),
            Line::OfBot(nth) => {
                let queues = self.reference.queues_of(bot);
                let nth = usize::from(nth).checked_rem(queues.len());
                nth.map_or(QueueId(99), |nth| queues[nth])
            }
        }
    }

    pub(crate) fn which(&self, which: Which) -> Option<TicketId> {
        let newest_first = self.reference.tickets.iter().rev();
        let tickets: Vec<TicketId> = newest_first
            .filter(|ticket| match which.among {
                Among::Open => ticket.is_open(),
                Among::Held => ticket.holder().is_some(),
                Among::Waiting => ticket.is_waiting(),
                Among::Offered => !ticket.offers.is_empty(),
                Among::Asked => ticket.transfer.is_some(),
                Among::Served => {
                    matches!(ticket.state, TicketState::InService | TicketState::OnHold)
                }
                Among::OnHold => ticket.state == TicketState::OnHold,
                Among::Away => ticket.state == TicketState::Away,
                Among::Parked => ticket.state == TicketState::Parked,
                Among::Wrapping => ticket.state == TicketState::Wrapping,
                Among::Closed => !ticket.is_open(),
                Among::All => true,
            })
            .map(|ticket| ticket.id)
            .collect();
        let nth = usize::from(which.nth).checked_rem(tickets.len())?;
        Some(tickets[nth])
    }

    /// A ticket and the epoch that an author believes in: the present one of its conversation, or
    /// the one before.
    fn believed(&self, which: Which, stale: bool) -> Option<(TicketId, u32)> {
        let ticket = self.which(which)?;
        let present = self.reference.ticket(self.reference.latest(ticket)).epoch;
        Some((ticket, present - u32::from(stale)))
    }

    fn by(&self, by: By, ticket: TicketId) -> AgentId {
        let latest = self.reference.ticket(self.reference.latest(ticket));
        match by {
            By::Holder => {
                let asked = || latest.offers.first().copied();
                latest.holder().or_else(asked).or(latest.agent).unwrap_or(AgentId(0))
            }
            By::Asked => {
                let asked = latest.offers.first().copied();
                asked.or(latest.agent).unwrap_or(AgentId(0))
            }
            By::Agent(number) => self.agent(number),
        }
    }

    fn change(&self, step: &Step) -> Change {
        match step {
            Step::Put { object, version } => {
                let object = object.object();
                let if_version = self.guard(&object.reference(), *version);
                Change::Put(PutChange { object: Box::new(object), if_version })
            }
            Step::Delete { named, version } => {
                let object = named.reference();
                let if_version = self.guard(&object, *version);
                Change::Delete(DeleteChange { object, if_version })
            }
        }
    }

    fn guard(&self, object: &ObjectRef, guard: Guard) -> Option<u64> {
        let objects = self.router.tenant.directory().objects();
        let present = objects.iter().find(|present| present.object.reference() == *object);
        let version = present.map_or(0, |present| present.version);
        match guard {
            Guard::None => None,
            Guard::Present => Some(version),
            Guard::Other => Some(version + 1),
        }
    }
}

fn digit(id: Option<u8>) -> Option<u128> {
    id.map(|id| DIGEST.rotate_left(13).wrapping_mul(u128::from(id) + 1))
}

fn key(role: Role, owner: u8, prefix: u8) -> Key {
    let owner = match role {
        Role::Bot => bot_name(owner),
        Role::Agent => agent_name(owner),
        Role::Admin | Role::Operator => String::new(),
    };
    Key {
        prefix: format!("p{prefix}"),
        sha256: [7; 32],
        role,
        owner,
        label: String::new(),
        created: START,
    }
}

/// Whatever it says beside the contact changes nothing: the contact has a ticket.
fn again(bot: BotId, contact: ContactKey, dry_run: bool) -> HandOff {
    HandOff {
        bot,
        contact,
        queue: None,
        queue_of_rule: None,
        reason: HandOffReason::Requested,
        priority: 0,
        priority_of_rule: None,
        preferred_agent: None,
        demand: None,
        language: None,
        rules: None,
        texts: None,
        truncated: false,
        position_updates: false,
        test: false,
        dry_run,
        bytes: 5,
    }
}
