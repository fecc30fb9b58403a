use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::*;

/// Longer than any test waits for something that does come.
const LONG: Duration = Duration::from_secs(60);

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn entries_and_bytes_are_both_bounds() {
    let budget = Budget::new(2, 100);
    let large = budget.try_take(90).unwrap();
    assert!(budget.try_take(11).is_none(), "too many bytes");
    let small = budget.try_take(10).unwrap();
    assert_eq!(budget.free(), Level { entries: 0, bytes: 0 });
    drop(large);
    let empty = budget.try_take(0).unwrap();
    assert!(budget.try_take(0).is_none(), "too many entries");
    drop((small, empty));
    assert_eq!(budget.free(), Level { entries: 2, bytes: 100 });
}

#[test]
fn a_bot_holds_at_most_a_quarter() {
    let budget = Budget::new(8, 800);
    let bot = budget.bot_share();
    let other = budget.bot_share();
    let held = [bot.try_take(10).unwrap(), bot.try_take(10).unwrap()];
    assert!(bot.try_take(10).is_none(), "two of eight entries");
    let beside = other.try_take(200).unwrap();
    assert!(other.try_take(1).is_none(), "200 of 800 bytes");
    assert_eq!(budget.free(), Level { entries: 5, bytes: 580 });
    drop((held, beside));
    assert_eq!(budget.free(), Level { entries: 8, bytes: 800 });
    assert_eq!(bot.free(), Level { entries: 2, bytes: 200 });
}

#[test]
fn a_large_command_finds_its_way_beside_a_trickle_and_not_beside_another() {
    let budget = Budget::new(1 << 20, 1 << 30);
    let bot = budget.bot_share();
    let trickle = bot.try_take(SHARE_BYTES - LARGE_BYTES).unwrap();
    let large = bot.try_take(3 * SHARE_BYTES).unwrap();
    assert!(bot.try_take(1).is_none());
    assert!(bot.is_short_of(1) && !budget.bot_share().is_short_of(3 * SHARE_BYTES));
    assert_eq!(
        budget.free().bytes,
        (1 << 30) - 3 * SHARE_BYTES - trickle.bytes(),
        "the whole counts all of it"
    );
    drop(trickle);
    assert!(bot.try_take(3 * SHARE_BYTES).is_none(), "one large command at a time");
    drop(large);
    assert_eq!(bot.free().bytes, SHARE_BYTES);
    assert_eq!(budget.free(), Level { entries: 1 << 20, bytes: 1 << 30 });
}

#[test]
fn a_bot_is_under_way_with_eight_groups() {
    let budget = Budget::new(1 << 20, 1 << 30);
    let bot = budget.bot_share();
    let held = [(); 8].map(|()| bot.try_take(SHARE_BYTES / 8).unwrap());
    assert!(bot.try_take(0).is_some() && bot.try_take(1).is_none());
    drop(held);
    assert_eq!(bot.free().bytes, SHARE_BYTES);
}

#[tokio::test]
async fn a_hand_off_waits_for_its_share_and_not_for_the_whole() {
    let budget = Budget::new(8, 800);
    let (bot, other) = (budget.bot_share(), budget.bot_share());
    let held = bot.try_take(200).unwrap();
    let mut waiting = pin!(bot.take_of_share(300, LONG));
    assert!(poll(waiting.as_mut()).is_pending());
    assert_eq!(budget.waiting(), 0, "it is in nobody's way");
    drop(held);
    let Poll::Ready(Some(held)) = poll(waiting.as_mut()) else { panic!("the share is free") };
    assert_eq!(budget.free(), Level { entries: 7, bytes: 500 });
    assert!(other.take_of_share(501, LONG).await.is_none(), "the whole has less");
    assert_eq!(other.free(), Level { entries: 2, bytes: 200 }, "the share is given back");
    assert!(bot.take_of_share(1, Duration::from_millis(5)).await.is_none(), "no patience left");
    drop(held);
    assert!(bot.take_of_share(801, LONG).await.is_none(), "it never fits");
    assert_eq!(budget.free(), Level { entries: 8, bytes: 800 });
}

#[test]
fn a_share_is_given_back_when_the_whole_refuses() {
    let budget = Budget::new(4, 400);
    let bot = budget.bot_share();
    let all: Vec<_> = (0..4).map(|_| budget.try_take(1).unwrap()).collect();
    assert!(bot.try_take(1).is_none());
    assert_eq!(bot.free(), Level { entries: 1, bytes: 100 });
    drop(all);
    assert!(bot.try_take(1).is_some());
}

#[tokio::test]
async fn what_can_never_fit_is_refused_at_once() {
    let budget = Budget::new(8, 800);
    assert!(budget.take_within(801, LONG).await.is_none());
    assert!(budget.bot_share().take_within(801, LONG).await.is_none());
    assert!(budget.take_within(u64::MAX, LONG).await.is_none());
}

#[tokio::test]
async fn a_wait_ends_when_its_time_is_over() {
    let budget = Budget::new(1, 100);
    let held = budget.try_take(1).unwrap();
    assert!(budget.take_within(1, Duration::ZERO).await.is_none());
    assert!(budget.take_within(1, Duration::from_millis(5)).await.is_none());
    assert_eq!(budget.waiting(), 0);
    drop(held);
    assert!(budget.try_take(1).is_some());
}

#[tokio::test]
async fn the_line_is_served_in_order_and_before_others() {
    let budget = Budget::new(1, 100);
    let held = budget.try_take(1).unwrap();
    let mut first = pin!(budget.take_within(1, LONG));
    let mut second = pin!(budget.take_within(1, LONG));
    assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
    drop(held);
    assert!(budget.try_take(1).is_none(), "who waits goes first");
    assert!(poll(second.as_mut()).is_pending(), "it is the turn of the first");
    let Poll::Ready(Some(held)) = poll(first.as_mut()) else { panic!("the first was called") };
    assert!(poll(second.as_mut()).is_pending());
    drop(held);
    assert!(second.await.is_some());
    assert_eq!((budget.waiting(), budget.free()), (0, Level { entries: 1, bytes: 100 }));
}

#[tokio::test]
async fn gives_of_one_batch_serve_the_whole_line() {
    let budget = Budget::new(2, 100);
    let held = (budget.try_take(1).unwrap(), budget.try_take(1).unwrap());
    let mut first = pin!(budget.take_within(1, LONG));
    let mut second = pin!(budget.take_within(1, LONG));
    assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
    drop(held);
    let (first, second) = (first.await, second.await);
    assert!(first.is_some() && second.is_some());
}

#[tokio::test]
async fn a_called_wait_that_is_cancelled_hands_its_call_on() {
    let budget = Budget::new(1, 100);
    let held = budget.try_take(1).unwrap();
    let mut first = Box::pin(budget.take_within(1, LONG));
    let mut second = pin!(budget.take_within(1, LONG));
    assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
    drop(held);
    drop(first);
    assert!(second.await.is_some());
    // And with nobody left to hand it to, the next in line finds it.
    let held = budget.try_take(1).unwrap();
    let mut third = Box::pin(budget.take_within(1, LONG));
    assert!(poll(third.as_mut()).is_pending());
    drop(held);
    drop(third);
    let held = budget.try_take(1).unwrap();
    let mut fourth = pin!(budget.take_within(1, LONG));
    assert!(poll(fourth.as_mut()).is_pending());
    drop(held);
    assert!(fourth.await.is_some());
}

#[tokio::test]
async fn a_bot_over_its_share_is_in_nobodys_way() {
    let budget = Budget::new(4, 400);
    let flooding = budget.bot_share();
    let held = flooding.try_take(1).unwrap();
    let mut waiting = pin!(flooding.take_within(1, LONG));
    assert!(poll(waiting.as_mut()).is_pending());
    assert_eq!(budget.waiting(), 0);
    assert!(budget.bot_share().try_take(1).is_some());
    assert!(budget.try_take(1).is_some());
    drop(held);
    assert!(waiting.await.is_some());
}

#[tokio::test]
async fn a_share_is_given_back_when_the_wait_for_the_whole_fails() {
    let budget = Budget::new(4, 400);
    let bot = budget.bot_share();
    let all: Vec<_> = (0..4).map(|_| budget.try_take(1).unwrap()).collect();
    assert!(bot.take_within(1, Duration::from_millis(5)).await.is_none());
    assert_eq!(bot.free(), Level { entries: 1, bytes: 100 });
    drop(all);
    assert!(bot.try_take(1).is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_in_line_are_all_served() {
    let budget = Budget::new(8, 8_000);
    let bots: Vec<_> = (0..3).map(|_| budget.bot_share()).collect();
    let tasks: Vec<_> = (0..3_000_u64)
        .map(|number| {
            let bot = bots[number as usize % bots.len()].clone();
            tokio::spawn(async move {
                let permit = bot.take_within(number % 1_000, LONG).await;
                tokio::task::yield_now().await;
                permit.is_some()
            })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap(), "a wake-up was lost");
    }
    assert_eq!(budget.free(), Level { entries: 8, bytes: 8_000 });
    assert_eq!(budget.waiting(), 0);
    for bot in bots {
        assert_eq!(bot.free(), Level { entries: 2, bytes: 2_000 });
    }
}
