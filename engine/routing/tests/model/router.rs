//! The router beside the reference, with its seats and its log, as a shard holds them.

use relevo_routing::input::Command;
use relevo_routing::record::{self, Actor, ActorKind, RecordHeader};
use relevo_routing::seats::Seats;
use relevo_routing::{Micros, Origin, Settings, Step, Tenant};
use relevo_wire::TenantId;

const TENANT: TenantId = TenantId(42);

pub(crate) struct Router {
    pub(crate) tenant: Tenant,
    pub(crate) seats: Seats,
    log: Vec<Vec<u8>>,
    /// The newest snapshot, and the records before it.
    snapshot: Option<(Vec<u8>, usize)>,
    starts: u32,
    last_record_at: Micros,
}

impl Router {
    pub(crate) fn new(settings: Settings, now: Micros) -> Self {
        Self {
            tenant: Tenant::new(TENANT, settings),
            seats: Seats::new(),
            log: Vec::new(),
            snapshot: None,
            starts: 0,
            last_record_at: now,
        }
    }

    pub(crate) fn handle(&mut self, now: Micros, command: &Command) -> Step {
        let step = self.tenant.handle(now, &mut self.seats, command.clone());
        if !step.events.is_empty() {
            let mut bytes = Vec::new();
            let header = RecordHeader {
                tenant: TENANT,
                now,
                actor: Actor { kind: ActorKind::Daemon, id: 0, session: 0 },
                request_id: 0,
                directory_version: self.tenant.directory_version(),
            };
            record::encode(&mut bytes, &header, &step.events);
            self.log.push(bytes);
            self.last_record_at = now;
        }
        step
    }

    pub(crate) fn take_snapshot(&mut self) {
        self.snapshot = Some((self.tenant.snapshot(), self.log.len()));
    }

    /// As after a crash: snapshot and log are read, sessions and seat words are gone. How long the
    /// daemon was down is known from the last record only. Whether the state is what it was.
    pub(crate) fn crash(&mut self, now: Micros) -> (Micros, bool) {
        let settings = self.tenant.settings().clone();
        let (mut tenant, read) = match &self.snapshot {
            Some((bytes, read)) => {
                (Tenant::from_snapshot(bytes, settings).expect("a snapshot reads back"), *read)
            }
            None => (Tenant::new(TENANT, settings), 0),
        };
        for bytes in &self.log[read..] {
            let (header, events) = record::decode(bytes).expect("a record reads back");
            for event in &events {
                tenant.apply(header.now, event);
            }
        }
        let is_same = tenant.snapshot() == self.tenant.snapshot();
        self.starts += 1;
        tenant.set_origin(Origin { start: self.starts, ..Origin::default() });
        self.seats = Seats::new();
        tenant.restore_seats(&mut self.seats);
        self.tenant = tenant;
        (now - self.last_record_at, is_same)
    }
}
