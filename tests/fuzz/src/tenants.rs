//! The snapshot of a tenant's routing state.

use crate::memory::Bound;
use relevo_routing::input::{Command, Input};
use relevo_routing::seats::Seats;
use relevo_routing::tenant::{Settings, Tenant};

/// A deleted agent has some 16 bytes, and takes a few hundred; the tickets' first chunk takes
/// 300 KiB.
const BOUND: Bound = Bound { per_byte: 64, fixed: 512 * 1024 };

/// Later than anything that a state of today is about.
const NOW: u64 = 1 << 52;
/// Each handles some hundred deadlines.
const TICKS: usize = 16;

pub(crate) fn run(bytes: &[u8]) {
    let Some(tenant) = read(bytes) else { return };
    let again = tenant.snapshot();
    let reread = read(&again).expect("what was written is read");
    assert!(reread.snapshot() == again, "the same state has the same bytes");
    use_as_after_a_start(tenant);
}

fn read(bytes: &[u8]) -> Option<Tenant> {
    let read = BOUND.hold(bytes, || Tenant::from_snapshot(bytes, Settings::default()));
    read.map_err(|error| assert!(!error.to_string().is_empty())).ok()
}

/// What was accepted is a state that can be gone on from: a start, and every deadline after it.
fn use_as_after_a_start(mut tenant: Tenant) {
    let mut seats = Seats::default();
    tenant.restore_seats(&mut seats);
    let mut handle = |tenant: &mut Tenant, input| {
        tenant.handle(NOW, &mut seats, Command { idempotency: None, input });
    };
    handle(&mut tenant, Input::Started { down_us: 1 });
    handle(&mut tenant, Input::Ready);
    for _ in 0..TICKS {
        if tenant.next_deadline().is_none_or(|at| at > NOW) {
            break;
        }
        handle(&mut tenant, Input::Tick);
    }
    for queue in tenant.take_changed_queues() {
        let _ = (tenant.queue_stats(queue), tenant.queue_agents(queue));
    }
    let queues = tenant.directory().counts().1;
    let _ = tenant.audit(&seats, 0, queues, NOW);
    let bytes = tenant.snapshot();
    assert!(read(&bytes).is_some(), "a state that was gone on from is one");
}
