use super::*;
use crate::layers::testing::{Scripted, ask, down, pieces};
use std::sync::atomic::{AtomicU64, Ordering};

fn prices() -> Prices {
    Prices { models: BTreeMap::new(), otherwise: Price { input_usd: 1.0, output_usd: 10.0 } }
}

fn budget(inner: Arc<Scripted>, settings: BudgetSettings) -> (Budget, Arc<AtomicU64>) {
    let clock = Arc::new(AtomicU64::new(DAY * 20_000 + 3600));
    let read = clock.clone();
    let now: Now = Arc::new(move || read.load(Ordering::SeqCst));
    (Budget::new(inner, settings, prices(), &[], now), clock)
}

fn day(micros: u64) -> BudgetSettings {
    BudgetSettings { day: Limit { micros: Some(micros), tokens: None }, ..Default::default() }
}

/// What one test call really costs: 100 tokens read at a millionth, 10 written at ten.
const REAL: u64 = 200;

#[tokio::test]
async fn a_call_that_would_not_fit_is_not_made() {
    let inner = Scripted::new().answers("a");
    let (budget, clock) = budget(inner.clone(), day(1500));
    let answer = budget.ask(ask()).await.unwrap();
    assert_eq!((answer.cost_micros, budget.today()), (REAL, Spent { micros: REAL, tokens: 110 }));
    let mut made = 1;
    while budget.ask(ask()).await.is_ok() {
        made += 1;
    }
    assert_eq!(inner.count(), made);
    assert!(budget.today().micros <= 1500, "never over");
    let error = budget.ask(ask()).await.unwrap_err();
    assert_eq!(error, ModelError::OverBudget { scope: "day", after: Some(Duration::from_secs(DAY - 3600)) });
    clock.fetch_add(DAY, Ordering::SeqCst);
    assert!(budget.ask(ask()).await.is_ok(), "a new day");
}

#[tokio::test(start_paused = true)]
async fn calls_side_by_side_cannot_spend_the_same_money() {
    let inner = Scripted::new().answers("a").slow(Duration::from_secs(3));
    let (budget, _) = budget(inner.clone(), day(2500));
    let all = futures::future::join_all((0..100).map(|_| budget.ask(ask()))).await;
    let made = all.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!((made, inner.count()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn what_was_surely_not_paid_comes_back_and_what_perhaps_was_does_not() {
    let (budget, _) = budget(Scripted::new().fails(down()).fails(ModelError::TimedOut), day(1_000_000));
    assert!(budget.ask(ask()).await.is_err());
    assert_eq!(budget.today().micros, 0);
    assert!(budget.ask(ask()).await.is_err());
    assert!(budget.today().micros > 1000);
    let before = budget.today().micros;
    let slow = Scripted::new().answers("a").slow(Duration::from_secs(60));
    let (slow, _) = self::budget(slow, day(1_000_000));
    drop(tokio::time::timeout(Duration::from_secs(1), slow.ask(ask())).await);
    assert_eq!(slow.today().micros, before, "a call that was given up is counted as reserved");
}

#[tokio::test]
async fn a_conversation_and_a_customer_have_limits_of_their_own() {
    let limit = Limit { micros: None, tokens: Some(250) };
    let settings = BudgetSettings { conversation: limit, ..Default::default() };
    let (budget, clock) = budget(Scripted::new().answers("a b"), settings);
    assert!(budget.ask(ask()).await.is_ok());
    let scope =
        |error: ModelError| matches!(error, ModelError::OverBudget { scope: "conversation", after: None });
    while pieces(budget.draft(ask())).await.1.is_ok() {}
    clock.fetch_add(DAY, Ordering::SeqCst);
    assert!(scope(budget.ask(ask()).await.unwrap_err()), "also tomorrow");
    assert!(budget.ask(Ask { conversation: "c2".to_owned(), ..ask() }).await.is_ok());

    let (budget, clock) =
        self::budget(Scripted::new().answers("a"), BudgetSettings { customer: limit, ..Default::default() });
    budget.remember(DAY * 20_000, "c0", "u1", Spent { micros: 0, tokens: 249 });
    assert!(budget.ask(ask()).await.is_err(), "what was spent before the restart counts");
    clock.fetch_add(DAY, Ordering::SeqCst);
    assert!(budget.ask(ask()).await.is_ok());
}
