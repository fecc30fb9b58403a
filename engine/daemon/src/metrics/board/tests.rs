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
    assert_eq!(maker.put(entry(0, false)), Change::Board);
    assert_eq!(maker.put(entry(0, false)), Change::Nothing);
    assert_eq!(maker.put(entry(0, true)), Change::Board);
    assert_eq!((maker.order.len(), maker.directory.len()), (1, 1));
    assert_eq!(maker.remove(TenantId(1), QueueId(0)), Change::Board);
    assert_eq!(maker.remove(TenantId(1), QueueId(0)), Change::Nothing);
    assert!(maker.order.is_empty());
}

#[test]
fn a_change_of_the_rest_makes_no_new_board() {
    let exporter = exporter();
    let (mut maker, _) = BoardMaker::new(&exporter);
    let last = OWN_SERIES as u32 - 1;
    let board = board(&mut maker, &exporter, (0..=last).map(|number| entry(number, false)));
    let beyond = |threshold_seconds| QueueEntry { threshold_seconds, ..entry(500, false) };
    let target =
        |seconds: u32| maker_target(&exporter, &format!("queue=\"__other__\"}} {seconds}\n"));
    assert_eq!(maker.put(beyond(90)), Change::Rest);
    maker.set_rest_target(&board);
    assert!(target(90));
    assert_eq!(maker.put(beyond(30)), Change::Rest);
    maker.set_rest_target(&board);
    assert!(target(30));
    assert_eq!(maker.remove(TenantId(1), QueueId(500)), Change::Rest);
    maker.set_rest_target(&board);
    assert!(target(0));
    maker.put(beyond(30));
    assert_eq!(maker.remove(TenantId(1), QueueId(last)), Change::Board, "500 moves up");
    maker.put(entry(last, false));
    assert_eq!(maker.put(entry(500, true)), Change::Board, "500 is preferred now");
    assert_eq!(maker.put(entry(500, false)), Change::Board, "and no longer");
}

fn maker_target(exporter: &Exporter, end: &str) -> bool {
    let text = exporter.render();
    let mut lines = text.split_inclusive('\n');
    lines.any(|line| line.starts_with("relevo_queue_target_seconds{") && line.ends_with(end))
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
    for (names, target) in
        [("bot=\"bot-0\",queue=\"queue-0\"", 30), ("bot=\"__other__\",queue=\"__other__\"", 231)]
    {
        let tenant = if target == 30 { "acme" } else { OTHER };
        let line = format!("relevo_queue_target_seconds{{tenant=\"{tenant}\",{names}}} {target}\n");
        assert!(text.contains(&line), "{line}");
    }
}
