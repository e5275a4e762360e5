//! The log is the truth: every decision names its release and can be made again from the log alone.

use crate::support::world::World;
use deskhand::domain::conversation::Conversation;
use deskhand::domain::event::{Entry, Event};
use deskhand::triage::{self, Step};

#[tokio::test]
async fn every_decision_can_be_made_again_from_the_log() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    visitor.says("I can't log in to my account").await;
    visitor.says("ada@example.com").await;
    let other = world.visitor().await;
    other.says("How do I export a project to CSV?").await;
    let book = world.library.current();
    let mut remade = 0;
    for id in [visitor.talk().await.id, other.talk().await.id] {
        let log = world.log(id).await;
        let mut talk = Conversation::open(id, &log[0]).unwrap();
        let mut rest = &log[1..];
        while let Some(entry) = rest.first() {
            // What came from outside is given; what the bot concluded must come out again.
            match &entry.event {
                Event::Received { .. }
                | Event::Answered { .. }
                | Event::Finished { .. }
                | Event::ModelAnswered { .. }
                | Event::ModelFailed { .. } => {
                    talk.apply(entry);
                    rest = &rest[1..];
                }
                _ => match triage::next(&talk, &book, entry.at) {
                    Step::Conclude(events) => {
                        for event in events {
                            let (recorded, others) = rest.split_first().expect("the log to go on");
                            assert_eq!(recorded.event, event);
                            remade += usize::from(
                                matches!(&event, Event::Decided { decision } if decision.release == book.release),
                            );
                            talk.apply(&Entry { seq: recorded.seq, at: recorded.at, event });
                            rest = others;
                        }
                    }
                    other => panic!("the log says {:?}, the judgement {other:?}", entry.event),
                },
            }
        }
        assert_eq!(
            world.ledger.storage.conversation(id).await.unwrap().unwrap(),
            talk,
            "the snapshot is the fold of the log"
        );
    }
    assert_eq!(remade, 3);
}
