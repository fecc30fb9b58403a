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

/// `own_metrics` first, then by the number that a queue got at its creation.
type Order = (Reverse<bool>, QueueId, TenantId);

/// Makes boards and remembers every series that was ever made.
#[derive(Debug)]
pub(super) struct BoardMaker {
    directory: HashMap<(TenantId, QueueId), QueueEntry>,
    /// The directory in the order in which queues get series.
    order: BTreeMap<Order, (TenantId, QueueId)>,
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
            queues: BTreeMap::new(),
            bots: BTreeMap::new(),
            tenants: BTreeMap::new(),
            retired: HashSet::new(),
        };
        let board = maker.board(exporter);
        (maker, board)
    }

    /// A queue was created or changed. Whether there is anything new in it.
    pub(super) fn put(&mut self, entry: QueueEntry) -> bool {
        let key = (entry.tenant, entry.queue);
        if self.directory.get(&key) == Some(&entry) {
            return false;
        }
        self.remove(entry.tenant, entry.queue);
        self.order.insert(order(&entry), key);
        self.directory.insert(key, entry);
        true
    }

    /// A queue was deleted. Whether it was there.
    pub(super) fn remove(&mut self, tenant: TenantId, queue: QueueId) -> bool {
        let removed = self.directory.remove(&(tenant, queue));
        removed.is_some_and(|entry| self.order.remove(&order(&entry)).is_some())
    }

    /// Forgets queues that are not among these. Whether there were any.
    pub(super) fn retain(&mut self, entries: &[QueueEntry]) -> bool {
        let present: HashSet<_> = entries.iter().map(|entry| (entry.tenant, entry.queue)).collect();
        let gone: Vec<_> =
            self.directory.keys().filter(|key| !present.contains(key)).copied().collect();
        gone.iter().fold(false, |news, (tenant, queue)| self.remove(*tenant, *queue) || news)
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
        let first: Vec<_> = self.order.values().take(OWN_SERIES).copied().collect();
        for queue in first {
            let entry = self.directory[&queue].clone();
            let names = [&*entry.tenant_name, &*entry.bot_name, &*entry.queue_name];
            let key = names.map(String::from);
            if !self.queues.contains_key(&key) && self.queues.len() > EVER_SERIES {
                continue;
            }
            let [tenant, bot, _] = names;
            board.queues.insert((entry.tenant, entry.queue), self.queue(exporter, names));
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
        self.set_targets(&board);
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

    fn set_targets(&self, board: &Board) {
        let mut other: u32 = 0;
        for entry in self.directory.values() {
            match board.queues.get(&(entry.tenant, entry.queue)) {
                Some(series) => series.target.set(f64::from(entry.threshold_seconds)),
                // The longest: an alert of the rest may come late, but never for nothing.
                None => other = other.max(entry.threshold_seconds),
            }
        }
        board.other_queue.target.set(f64::from(other));
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
mod tests {
    use super::*;
    use crate::metrics::buckets::ContactCenterBuckets;

    fn exporter() -> Exporter {
        Exporter::new(&ContactCenterBuckets::new(&[]).unwrap())
    }

    fn entry(number: u32, own_metrics: bool) -> QueueEntry {
        QueueEntry {
            tenant: TenantId(1),
            tenant_name: "acme".into(),
            bot: BotId(number % 3),
            bot_name: format!("bot-{}", number % 3),
            queue: QueueId(number),
            queue_name: format!("queue-{number}"),
            own_metrics,
            threshold_seconds: 60,
        }
    }

    /// Makes the directory hold exactly these.
    fn board(
        maker: &mut BoardMaker,
        exporter: &Exporter,
        queues: impl IntoIterator<Item = QueueEntry>,
    ) -> Board {
        let queues: Vec<_> = queues.into_iter().collect();
        maker.retain(&queues);
        for queue in &queues {
            maker.put(queue.clone());
        }
        assert_eq!((maker.directory.len(), maker.order.len()), (queues.len(), queues.len()));
        maker.board(exporter)
    }

    fn is_other(board: &Board, number: u32) -> bool {
        Arc::ptr_eq(board.queue(TenantId(1), QueueId(number)), &board.other_queue)
    }

    #[test]
    fn at_most_the_allowed_combinations_have_series_of_their_own() {
        let exporter = exporter();
        let (mut maker, _) = BoardMaker::new(&exporter);
        // The order of the calls does not matter.
        let queues = (0..500).rev().map(|number| entry(number, number >= 450));
        let board = board(&mut maker, &exporter, queues);
        let own: Vec<u32> = (0..500).filter(|number| !is_other(&board, *number)).collect();
        let right: Vec<u32> = (0..150).chain(450..500).collect();
        assert_eq!(own, right, "own_metrics first, then order of creation");
    }

    #[test]
    fn no_tenant_takes_all_places_by_coming_first() {
        let exporter = exporter();
        let (mut maker, _) = BoardMaker::new(&exporter);
        let of = |tenant: u64| {
            (0..200).map(move |number| QueueEntry {
                tenant: TenantId(tenant),
                tenant_name: format!("tenant-{tenant}"),
                ..entry(number, false)
            })
        };
        let board = board(&mut maker, &exporter, of(1).chain(of(2)));
        for tenant in [1, 2] {
            let own = (0..200)
                .filter(|n| {
                    let series = board.queue(TenantId(tenant), QueueId(*n));
                    !Arc::ptr_eq(series, &board.other_queue)
                })
                .count();
            assert_eq!(own, 100, "tenant {tenant}");
        }
    }

    #[test]
    fn the_same_queue_again_is_nothing_new() {
        let (mut maker, _) = BoardMaker::new(&exporter());
        assert!(maker.put(entry(0, false)));
        assert!(!maker.put(entry(0, false)));
        assert!(maker.put(entry(0, true)));
        assert_eq!((maker.order.len(), maker.directory.len()), (1, 1));
        assert!(maker.remove(TenantId(1), QueueId(0)));
        assert!(!maker.remove(TenantId(1), QueueId(0)));
        assert!(maker.order.is_empty());
    }

    #[test]
    fn a_queue_that_is_not_in_the_directory_is_of_the_rest() {
        let exporter = exporter();
        let (mut maker, empty) = BoardMaker::new(&exporter);
        assert!(is_other(&empty, 0));
        let board = board(&mut maker, &exporter, [entry(0, false)]);
        assert!(!is_other(&board, 0) && is_other(&board, 1));
        assert!(Arc::ptr_eq(board.queue(TenantId(2), QueueId(0)), &board.other_queue));
        assert!(Arc::ptr_eq(board.bot(TenantId(1), BotId(2)), &board.other_bot));
        assert!(Arc::ptr_eq(board.tenant(TenantId(2)), &board.other_tenant));
    }

    #[test]
    fn a_removed_queue_leaves_the_scrape_and_comes_back_with_its_counts() {
        let exporter = exporter();
        let (mut maker, _) = BoardMaker::new(&exporter);
        let first = board(&mut maker, &exporter, [entry(0, false), entry(1, false)]);
        first.queue(TenantId(1), QueueId(1)).answered_in_target.increment(7);
        let line = "relevo_tickets_answered_in_target_total\
                    {tenant=\"acme\",bot=\"bot-1\",queue=\"queue-1\"} 7\n";
        let scrape = |maker: &BoardMaker| maker.without_retired(exporter.render());
        assert!(scrape(&maker).contains(line));
        let _ = board(&mut maker, &exporter, [entry(0, false)]);
        let text = scrape(&maker);
        assert!(!text.contains("queue-1") && text.contains("queue-0"), "{text}");
        let _ = board(&mut maker, &exporter, [entry(0, false), entry(1, false)]);
        assert!(scrape(&maker).contains(line));
    }

    #[test]
    fn a_directory_that_always_changes_ends_at_the_rest() {
        let exporter = exporter();
        let (mut maker, _) = BoardMaker::new(&exporter);
        for round in 0..7 {
            let queues = (0..200).map(|n| entry(round * 200 + n, false));
            let board = board(&mut maker, &exporter, queues);
            assert_eq!(is_other(&board, round * 200), round >= 5, "round {round}");
        }
        assert_eq!(maker.queues.len(), EVER_SERIES + 1);
    }

    #[test]
    fn the_target_of_the_rest_is_its_longest() {
        let exporter = exporter();
        let (mut maker, _) = BoardMaker::new(&exporter);
        let queues = (0..202).map(|n| QueueEntry { threshold_seconds: 30 + n, ..entry(n, false) });
        let _ = board(&mut maker, &exporter, queues);
        let text = exporter.render();
        for (names, target) in [
            ("bot=\"bot-0\",queue=\"queue-0\"", 30),
            ("bot=\"__other__\",queue=\"__other__\"", 231),
        ] {
            let tenant = if target == 30 { "acme" } else { OTHER };
            let line =
                format!("relevo_queue_target_seconds{{tenant=\"{tenant}\",{names}}} {target}\n");
            assert!(text.contains(&line), "{line}");
        }
    }
}
