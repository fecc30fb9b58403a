//! Who is away for which bot: by the agent itself, or by an admin for it.

use super::command::{Converted, Names, shard};
use relevo_routing::directory::Directory;
use relevo_routing::event::Absence;
use relevo_routing::input::Input;
use relevo_wire::command::SetAbsence;
use relevo_wire::error::{ErrorCode, WireError};
use relevo_wire::ids::AgentId;

/// An agent's own.
pub(super) fn own(
    names: Names<'_>,
    agent: AgentId,
    set: SetAbsence,
) -> Result<Converted, WireError> {
    if set.agent.is_some() || set.tenant.is_some() {
        let message = "an agent sets its own absence only: leave agent and tenant out";
        return Err(WireError::field(ErrorCode::Forbidden, "agent", message));
    }
    Ok(shard(input(names.directory, agent, set, true)?))
}

/// An agent's, whom an admin names.
pub(super) fn of(directory: &Directory, set: SetAbsence) -> Result<Input, WireError> {
    let Some(name) = set.agent.as_deref() else {
        let message = "name the agent who is away";
        return Err(WireError::field(ErrorCode::Malformed, "agent", message));
    };
    let agent = named_agent(directory, "agent", name)?;
    input(directory, agent, set, false)
}

fn input(
    directory: &Directory,
    agent: AgentId,
    set: SetAbsence,
    own: bool,
) -> Result<Input, WireError> {
    let bot = directory.bot_id(&set.bot).ok_or_else(|| {
        WireError::field(ErrorCode::NotFound, "bot", format!("no bot is named `{}`", set.bot))
    })?;
    let colleague = set.colleague.as_deref();
    let colleague = colleague.map(|name| named_agent(directory, "colleague", name)).transpose()?;
    let absence = set.on.then_some(Absence { text: set.text, colleague });
    Ok(Input::SetAbsence { agent, bot, absence, own })
}

fn named_agent(directory: &Directory, field: &str, name: &str) -> Result<AgentId, WireError> {
    directory.agent_id(name).ok_or_else(|| {
        WireError::field(ErrorCode::NotFound, field, format!("no agent is named `{name}`"))
    })
}
