//! Which queue has series of its own. The directory decides, not traffic: queues with
//! `own_metrics` first, then in order of creation, until [`OWN_SERIES`] are found; the rest share
//! the series `__other__`. The board stands until the directory changes. Tenants are treated alike:
//! the first queue of each comes before the second of any.

use super::recorder::Exporter;
use super::series::{BotSeries, QueueSeries, TenantSeries};
use relevo_wire::{BotId, QueueId, TenantId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Most combinations of tenant, bot and queue with series of their own.
pub const OWN_SERIES: usize = 200;

/// Most combinations that ever get series in the life of the process. The exporter forgets none,
/// so a directory that changes all day would grow without end; beyond this a new one is
/// `__other__` until the next start.
pub const EVER_SERIES: usize = 1_000;

/// The label value of the rest.
pub const OTHER: &str = "__other__";

/// A queue as the directory has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueEntry {
    /// Its tenant.
    pub tenant: TenantId,
    /// Name of the tenant.
    pub tenant_name: String,
    /// Its bot.
    pub bot: BotId,
    /// Name of the bot.
    pub bot_name: String,
    /// Its number.
    pub queue: QueueId,
    /// Its name.
    pub queue_name: String,
    /// Has series of its own before others.
    pub own_metrics: bool,
    /// Service-level threshold.
    pub threshold_seconds: u32,
}

/// Series of the present directory.
#[derive(Debug)]
pub(super) struct Board {
    queues: HashMap<(TenantId, QueueId), Arc<QueueSeries>>,
    bots: HashMap<(TenantId, BotId), Arc<BotSeries>>,
    tenants: HashMap<TenantId, Arc<TenantSeries>>,
    other_queue: Arc<QueueSeries>,
    other_bot: Arc<BotSeries>,
    other_tenant: Arc<TenantSeries>,
}

impl Board {
    /// The series of a queue.
    pub(super) fn queue(&self, tenant: TenantId, queue: QueueId) -> &Arc<QueueSeries> {
        self.queues.get(&(tenant, queue)).unwrap_or(&self.other_queue)
    }

    /// The series of a bot.
    pub(super) fn bot(&self, tenant: TenantId, bot: BotId) -> &Arc<BotSeries> {
        self.bots.get(&(tenant, bot)).unwrap_or(&self.other_bot)
    }

    /// The series of a tenant.
    pub(super) fn tenant(&self, tenant: TenantId) -> &Arc<TenantSeries> {
        self.tenants.get(&tenant).unwrap_or(&self.other_tenant)
    }
}

/// How much a change of the directory changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// Nothing.
    Nothing,
    /// A queue of the rest: its target alone.
    Rest,
    /// Who has series of its own.
    Board,
}

/// `own_metrics` first, then by the number that a queue got at its creation.
type Order = (Reverse<bool>, QueueId, TenantId);

/// Makes boards and remembers every series that was ever made.
#[derive(Debug)]
pub(super) struct BoardMaker {
    directory: HashMap<(TenantId, QueueId), QueueEntry>,
    /// Thresholds in seconds, in the order in which queues get series.
    order: BTreeMap<Order, u32>,
    /// Longest threshold of those that would have series but for [`EVER_SERIES`].
    folded_threshold: u32,
    queues: BTreeMap<[String; 3], Arc<QueueSeries>>,
    bots: BTreeMap<[String; 2], Arc<BotSeries>>,
    tenants: BTreeMap<String, Arc<TenantSeries>>,
    /// Label texts of the queues that the present board does not have.
    retired: HashSet<String>,
}

impl BoardMaker {
    /// A maker, and the board of an empty directory.
    pub(super) fn new(exporter: &Exporter) -> (Self, Board) {
        let mut maker = Self {
            directory: HashMap::new(),
            order: BTreeMap::new(),
            folded_threshold: 0,
            queues: BTreeMap::new(),
            bots: BTreeMap::new(),
            tenants: BTreeMap::new(),
            retired: HashSet::new(),
        };
        let board = maker.board(exporter);
        (maker, board)
    }

    /// A queue was created or changed.
    pub(super) fn put(&mut self, entry: QueueEntry) -> Change {
        let key = (entry.tenant, entry.queue);
        if self.directory.get(&key) == Some(&entry) {
            return Change::Nothing;
        }
        let before = self.remove(entry.tenant, entry.queue);
        let order = order(&entry);
        self.order.insert(order, entry.threshold_seconds);
        self.directory.insert(key, entry);
        before.max(self.place(&order))
    }

    /// A queue was deleted.
    pub(super) fn remove(&mut self, tenant: TenantId, queue: QueueId) -> Change {
        let Some(entry) = self.directory.remove(&(tenant, queue)) else { return Change::Nothing };
        let order = order(&entry);
        let change = self.place(&order);
        self.order.remove(&order);
        change
    }

    /// Forgets queues that are not among these.
    pub(super) fn retain(&mut self, entries: &[QueueEntry]) -> Change {
        let present: HashSet<_> = entries.iter().map(|entry| (entry.tenant, entry.queue)).collect();
        let gone: Vec<_> =
            self.directory.keys().filter(|key| !present.contains(key)).copied().collect();
        gone.iter()
            .fold(Change::Nothing, |all, (tenant, queue)| all.max(self.remove(*tenant, *queue)))
    }

    /// Sets the target of the rest: the longest, so that an alert of the rest may come late, but
    /// never for nothing.
    pub(super) fn set_rest_target(&self, board: &Board) {
        let rest = self.order.iter().skip(OWN_SERIES).map(|(_, threshold)| *threshold).max();
        let target = rest.unwrap_or(0).max(self.folded_threshold);
        board.other_queue.target.set(f64::from(target));
    }

    /// The board of the present directory.
    pub(super) fn board(&mut self, exporter: &Exporter) -> Board {
        let mut board = Board {
            queues: HashMap::new(),
            bots: HashMap::new(),
            tenants: HashMap::new(),
            other_queue: self.queue(exporter, [OTHER; 3]),
            other_bot: self.bot(exporter, [OTHER; 2]),
            other_tenant: self.tenant(exporter, OTHER),
        };
        let mut present = HashSet::from([[OTHER; 3].map(String::from)]);
        self.folded_threshold = 0;
        let first: Vec<_> = self.order.keys().take(OWN_SERIES).copied().collect();
        for (_, queue, tenant) in first {
            let entry = self.directory[&(tenant, queue)].clone();
            let names = [&*entry.tenant_name, &*entry.bot_name, &*entry.queue_name];
            let key = names.map(String::from);
            if !self.queues.contains_key(&key) && self.queues.len() > EVER_SERIES {
                self.folded_threshold = self.folded_threshold.max(entry.threshold_seconds);
                continue;
            }
            let [tenant, bot, _] = names;
            let series = self.queue(exporter, names);
            series.target.set(f64::from(entry.threshold_seconds));
            board.queues.insert((entry.tenant, entry.queue), series);
            board.bots.insert((entry.tenant, entry.bot), self.bot(exporter, [tenant, bot]));
            board.tenants.insert(entry.tenant, self.tenant(exporter, tenant));
            present.insert(key);
        }
        self.retired = self
            .queues
            .keys()
            .filter(|key| !present.contains(*key))
            .map(|[tenant, bot, queue]| labels_text(tenant, bot, queue))
            .collect();
        self.set_rest_target(&board);
        board
    }

    /// A scrape without the series of queues that the present board does not have.
    pub(super) fn without_retired(&self, text: String) -> String {
        if self.retired.is_empty() {
            return text;
        }
        let mut kept = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            if !queue_labels(line).is_some_and(|labels| self.retired.contains(labels)) {
                kept.push_str(line);
            }
        }
        kept
    }

    /// Every queue series, also those of earlier boards.
    pub(super) fn queues(&self) -> impl Iterator<Item = &Arc<QueueSeries>> {
        self.queues.values()
    }

    /// Every bot series.
    pub(super) fn bots(&self) -> impl Iterator<Item = &Arc<BotSeries>> {
        self.bots.values()
    }

    /// Every tenant series.
    pub(super) fn tenants(&self) -> impl Iterator<Item = &Arc<TenantSeries>> {
        self.tenants.values()
    }

    /// What a change at this place of the order changes.
    fn place(&self, order: &Order) -> Change {
        match self.order.keys().nth(OWN_SERIES - 1) {
            Some(last) if order > last => Change::Rest,
            Some(_) | None => Change::Board,
        }
    }

    fn queue(&mut self, exporter: &Exporter, names: [&str; 3]) -> Arc<QueueSeries> {
        let make = || Arc::new(QueueSeries::new(exporter, names));
        Arc::clone(self.queues.entry(names.map(String::from)).or_insert_with(make))
    }

    fn bot(&mut self, exporter: &Exporter, names: [&str; 2]) -> Arc<BotSeries> {
        let make = || Arc::new(BotSeries::new(exporter, names));
        Arc::clone(self.bots.entry(names.map(String::from)).or_insert_with(make))
    }

    fn tenant(&mut self, exporter: &Exporter, name: &str) -> Arc<TenantSeries> {
        let make = || Arc::new(TenantSeries::new(exporter, name));
        Arc::clone(self.tenants.entry(name.into()).or_insert_with(make))
    }
}

fn order(entry: &QueueEntry) -> Order {
    (Reverse(entry.own_metrics), entry.queue, entry.tenant)
}

fn labels_text(tenant: &str, bot: &str, queue: &str) -> String {
    format!("tenant=\"{tenant}\",bot=\"{bot}\",queue=\"{queue}\"")
}

/// The part of a line that [`labels_text`] makes. Directory names hold no quotes.
fn queue_labels(line: &str) -> Option<&str> {
    let start = line.find("{tenant=\"")? + 1;
    let queue = start + line[start..].find(",queue=\"")? + ",queue=\"".len();
    let end = queue + line[queue..].find('"')? + 1;
    Some(&line[start..end])
}

#[cfg(test)]
mod tests;
