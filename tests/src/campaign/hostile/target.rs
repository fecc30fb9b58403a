//! Whom an attack is aimed at: addresses, and what the attacker has of credentials and ids.

use crate::harness::deployment::{TENANT, queue};
use crate::harness::wait::within;
use crate::harness::{Deployment, Settings, Site};
use relevo_wire::ids::TicketId;
use relevo_wire::vocabulary::Role;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// The attacker's own tenant.
const HOSTILE: &str = "mallory";
/// Its bot.
const FLOOD: &str = "flood";
/// Its agent.
const MUTE: &str = "mute";
/// Seats of every agent: as many as there may be.
const SEATS: u16 = 4095;

/// The well-behaved bot and agent.
pub const BYSTANDERS: (&str, &str) = ("shop", "ana");

/// What an attacker knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Target {
    /// Where the daemon takes sessions.
    pub quic: SocketAddr,
    /// Where it shows metrics.
    pub http: SocketAddr,
    /// SHA-256 of its certificate.
    pub fingerprint: String,
    /// Credential of a bot of the attacker's own tenant.
    pub bot_key: String,
    /// Credential of an agent of the attacker's own tenant, who is in the queue of that bot.
    pub agent_key: String,
    /// A credential that was revoked.
    pub revoked_key: String,
    /// An open ticket of another tenant, with its epoch.
    pub foreign_ticket: (TicketId, u32),
}

/// A daemon with two tenants: one behaves, the other is the attacker's.
///
/// # Panics
/// The daemon does not become ready.
pub async fn deployment(settings: Settings) -> Deployment {
    let (bot, agent) = BYSTANDERS;
    let good = Site::new(TENANT).agent(agent, SEATS).bot(bot, "sales").queue(queue(
        bot,
        "sales",
        &[agent],
    ));
    let hostile = Site::new(HOSTILE).agent(MUTE, SEATS).bot(FLOOD, "trap").queue(queue(
        FLOOD,
        "trap",
        &[MUTE],
    ));
    let mut deployment = Deployment::with(&good, settings).await;
    deployment.put(&hostile).await;
    deployment
}

impl Target {
    /// Of such a daemon. Opens the ticket that the attacker will try to reach.
    ///
    /// # Panics
    /// The daemon refuses what it must not refuse.
    pub async fn of(deployment: &Deployment) -> Self {
        let admin = deployment.admin().await;
        let tenant = || Some(HOSTILE.to_owned());
        let made = within("key", admin.create_key(tenant(), Role::Agent, MUTE, "revoked")).await;
        let revoked = made.expect("the operator may make keys");
        let ended = within("revoke", admin.revoke_key(tenant(), revoked.prefix)).await;
        ended.expect("the operator may revoke keys");
        admin.close().await;
        let bot = deployment.bot(BYSTANDERS.0).await;
        let foreign = bot.hand_over("the customer that the attacker wants").await;
        bot.client.close().await;
        let ready = deployment.daemon.ready();
        Self {
            quic: ready.quic,
            http: ready.http,
            fingerprint: ready.fingerprint.clone(),
            bot_key: deployment.key(HOSTILE, FLOOD).to_owned(),
            agent_key: deployment.key(HOSTILE, MUTE).to_owned(),
            revoked_key: revoked.key,
            foreign_ticket: (foreign.ticket, foreign.epoch),
        }
    }
}
