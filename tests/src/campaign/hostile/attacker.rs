//! The attacker as a process of its own, at the lowest priority: on one machine an attack must not
//! be felt for the processor time that the attacker takes. The calm beside an attack is a process
//! that burns as much and sends nothing.

use super::attack::{self, Order};
use super::process;
use super::tally::Tally;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// The hidden command of this program that is an attacker.
pub const COMMAND: &str = "attacker";
/// A burner looks so often whether it has burnt enough.
const SLICE: Duration = Duration::from_millis(10);

/// What an attacker's process is to do.
#[expect(clippy::large_enum_variant, reason = "there is one a process")]
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Task {
    /// Attack.
    Attack(Order),
    /// Burn so many seconds of processor time a second, for so long.
    Burn {
        /// Processor seconds a second.
        share: f64,
        /// How long.
        time: Duration,
    },
}

/// Runs an attacker's process to its end.
///
/// # Errors
/// It cannot be run, or crashed.
pub async fn run(task: Task) -> io::Result<Tally> {
    let program = std::env::current_exe()?;
    let mut child = Command::new("nice")
        .args(["-n", "19"])
        .arg(program)
        .arg(COMMAND)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let order = serde_json::to_vec(&task)?;
    let mut stdin = child.stdin.take().expect("its input is piped");
    stdin.write_all(&order).await?;
    drop(stdin);
    let output = child.wait_with_output().await?;
    if !output.status.success() {
        return Err(io::Error::other(format!("the attacker ended with {}", output.status)));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// What the attacker's process does: reads its task, does it, tells the tally.
///
/// # Errors
/// There is no task.
pub async fn main() -> io::Result<()> {
    let mut order = String::new();
    io::stdin().read_to_string(&mut order)?;
    let tally = match serde_json::from_str(&order)? {
        Task::Attack(order) => attack::run(&order).await,
        Task::Burn { share, time } => {
            // On a thread of its own, as the runtime of an attacker would be busy too.
            let burnt = tokio::task::spawn_blocking(move || burn(share, time)).await;
            burnt.map_err(io::Error::other)?
        }
    };
    serde_json::to_writer(io::stdout().lock(), &tally)?;
    io::stdout().flush()
}

/// Burns on as many threads as the share asks for.
fn burn(share: f64, time: Duration) -> Tally {
    let threads = (share.ceil() as usize).max(1);
    let end = Instant::now() + time;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| burn_on_one(share / threads as f64, end));
        }
    });
    Tally { cpu_seconds: process::own_cpu_seconds(), ..Tally::default() }
}

fn burn_on_one(share: f64, end: Instant) {
    while Instant::now() < end {
        let busy = Instant::now() + SLICE.mul_f64(share.min(1.0));
        while Instant::now() < busy {
            std::hint::spin_loop();
        }
        std::thread::park_timeout(SLICE.mul_f64(1.0 - share.min(1.0)));
    }
}
