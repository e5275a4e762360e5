//! Customers, tickets, uploads and releases.

use super::desk::{Desk, at, customer, id};
use super::on_both;
use channels::Channel;
use deskhand::domain::customer::Customer;
use deskhand::domain::ids::{ConversationId, CustomerId, Place, UploadId};
use deskhand::domain::release::{Content, ReleaseId};
use deskhand::domain::ticket::{NewTicket, Priority, TicketStatus};
use deskhand::ports::storage::{StoredUpload, TicketChange, TicketFilter};
use std::collections::BTreeSet;

on_both![
    a_customer_is_found_by_each_of_their_names,
    of_many_bindings_at_once_the_first_wins,
    two_records_of_one_external_id_agree_on_the_older,
    tickets_are_numbered_from_1001,
    the_same_request_sixteen_times_at_once_opens_one_ticket,
    a_ticket_changes_only_where_told,
    tickets_are_listed_newest_first_by_pages,
    a_file_comes_back_byte_by_byte,
    a_release_never_changes,
    a_heartbeat_is_written,
];

fn ticket(title: &str) -> NewTicket {
    NewTicket {
        title: title.into(),
        body: "…".into(),
        priority: Priority::High,
        team: "billing".into(),
        incident: None,
    }
}

fn place() -> Place {
    Place { conversation: ConversationId(id()), seq: 7 }
}

async fn a_customer_is_found_by_each_of_their_names(desk: Desk) {
    let ada = Customer {
        external: Some("u-1'\"".into()),
        verified: true,
        locale: Some("de".into()),
        ..customer(Some("Ada 😀 \0"), Some("ada@example.com"))
    };
    desk.store.put_customer(ada.clone(), at(0)).await.unwrap();
    assert_eq!(desk.store.bind(Channel::Telegram, "77", ada.id).await.unwrap(), ada.id);
    assert_eq!(desk.store.customer(ada.id).await.unwrap(), Some(ada.clone()));
    assert_eq!(desk.store.customer_of(Channel::Telegram, "77").await.unwrap(), Some(ada.clone()));
    assert_eq!(desk.store.customer_of(Channel::Discord, "77").await.unwrap(), None);
    assert_eq!(desk.store.customer_by_external("u-1'\"").await.unwrap(), Some(ada.clone()));
    let renamed = Customer { name: None, external: None, ..ada };
    desk.store.put_customer(renamed.clone(), at(1)).await.unwrap();
    assert_eq!(desk.store.customer_of(Channel::Telegram, "77").await.unwrap(), Some(renamed));
    assert_eq!(desk.store.customer_by_external("u-1'\"").await.unwrap(), None);
}

async fn of_many_bindings_at_once_the_first_wins(desk: Desk) {
    let bindings: Vec<_> = (0..16)
        .map(|_| {
            let (store, customer) = (desk.store.clone(), CustomerId(id()));
            tokio::spawn(async move { store.bind(Channel::Discord, "9", customer).await.unwrap() })
        })
        .collect();
    let mut bound = BTreeSet::new();
    for binding in bindings {
        bound.insert(binding.await.unwrap());
    }
    assert_eq!(bound.len(), 1);
}

async fn two_records_of_one_external_id_agree_on_the_older(desk: Desk) {
    let one = Customer { external: Some("u-2".into()), ..customer(None, None) };
    let two = Customer { external: Some("u-2".into()), ..customer(None, None) };
    desk.store.put_customer(two.clone(), at(0)).await.unwrap();
    desk.store.put_customer(one, at(1)).await.unwrap();
    // A later change does not make it younger.
    desk.store.put_customer(two.clone(), at(2)).await.unwrap();
    assert_eq!(desk.store.customer_by_external("u-2").await.unwrap(), Some(two));
}

async fn tickets_are_numbered_from_1001(desk: Desk) {
    let customer = CustomerId(id());
    let key = place();
    let first = desk.store.open_ticket(key, customer, &ticket("Charged twice"), at(0)).await.unwrap();
    let second = desk.store.open_ticket(place(), customer, &ticket("Locked out"), at(1)).await.unwrap();
    assert_eq!((first.number, second.number), (1001, 1002));
    assert_eq!(first.reference().number, "T-1001");
    assert_eq!((first.status, first.created_at), (TicketStatus::Open, at(0)));
    assert_eq!(first.conversation, key.conversation);
    assert_eq!(desk.store.open_tickets_of(customer).await.unwrap(), 2);
    assert_eq!(desk.store.open_tickets_of(CustomerId(id())).await.unwrap(), 0);
}

async fn the_same_request_sixteen_times_at_once_opens_one_ticket(desk: Desk) {
    let (key, customer) = (place(), CustomerId(id()));
    let requests: Vec<_> = (0..16)
        .map(|_| {
            let store = desk.store.clone();
            tokio::spawn(async move { store.open_ticket(key, customer, &ticket("x"), at(0)).await.unwrap() })
        })
        .collect();
    let mut opened = BTreeSet::new();
    for request in requests {
        opened.insert(request.await.unwrap().number);
    }
    assert_eq!(opened.len(), 1);
    assert_eq!(desk.store.open_tickets_of(customer).await.unwrap(), 1);
}

async fn a_ticket_changes_only_where_told(desk: Desk) {
    let customer = CustomerId(id());
    let opened = desk.store.open_ticket(place(), customer, &ticket("x"), at(0)).await.unwrap();
    let change = |status, priority, now| {
        let change = TicketChange { status, priority, by: "Ben".into(), ..TicketChange::default() };
        let store = desk.store.clone();
        async move { store.change_ticket(opened.number, &change, now).await }
    };
    let pending = change(Some(TicketStatus::Pending), None, at(1)).await.unwrap().unwrap();
    assert_eq!(
        (pending.status, pending.ticket.priority, pending.updated_at),
        (TicketStatus::Pending, Priority::High, at(1))
    );
    assert_eq!(desk.store.open_tickets_of(customer).await.unwrap(), 1);
    let low = change(None, Some(Priority::Low), at(2)).await.unwrap().unwrap();
    assert_eq!((low.status, low.ticket.priority), (TicketStatus::Pending, Priority::Low));
    change(Some(TicketStatus::Solved), None, at(3)).await.unwrap();
    assert_eq!(desk.store.open_tickets_of(customer).await.unwrap(), 0);
    assert_eq!(desk.store.change_ticket(1, &TicketChange::default(), at(4)).await.unwrap(), None);
}

async fn tickets_are_listed_newest_first_by_pages(desk: Desk) {
    let key = place();
    for number in 0..25 {
        let key = if number == 3 { key } else { place() };
        desk.store.open_ticket(key, CustomerId(id()), &ticket("x"), at(number)).await.unwrap();
    }
    let solved = TicketChange { status: Some(TicketStatus::Solved), ..TicketChange::default() };
    desk.store.change_ticket(1010, &solved, at(99)).await.unwrap();
    let (mut listed, mut filter) = (Vec::new(), TicketFilter { limit: 10, ..TicketFilter::default() });
    loop {
        let page = desk.store.tickets(&filter).await.unwrap();
        listed.extend(page.items.into_iter().map(|ticket| ticket.number));
        filter.cursor = page.next;
        if filter.cursor.is_none() {
            break;
        }
    }
    assert_eq!(listed, (1001..=1025).rev().collect::<Vec<_>>());
    let solved = TicketFilter { status: Some(TicketStatus::Solved), limit: 10, ..TicketFilter::default() };
    let solved = desk.store.tickets(&solved).await.unwrap();
    assert_eq!(solved.items.iter().map(|ticket| ticket.number).collect::<Vec<_>>(), [1010]);
    let of_one = TicketFilter {
        conversation: Some(key.conversation),
        cursor: Some("garbage".into()),
        limit: 10,
        ..TicketFilter::default()
    };
    let of_one = desk.store.tickets(&of_one).await.unwrap();
    assert_eq!(of_one.items.iter().map(|ticket| ticket.number).collect::<Vec<_>>(), [1004]);
}

async fn a_file_comes_back_byte_by_byte(desk: Desk) {
    let upload = StoredUpload {
        id: UploadId(id()),
        customer: CustomerId(id()),
        name: "../../etc/passwd 😀.png".into(),
        media_type: "image/png".into(),
        content: (0..=255_u8).cycle().take(300_000).collect(),
    };
    desk.store.put_upload(upload.clone(), at(0)).await.unwrap();
    assert_eq!(desk.store.upload(upload.id).await.unwrap(), Some(upload));
    assert_eq!(desk.store.upload(UploadId(id())).await.unwrap(), None);
}

async fn a_release_never_changes(desk: Desk) {
    let name = ReleaseId("0123456789abcdef".into());
    let content = Content::from([("policies/rules.yaml".into(), "- id: a\n".into())]);
    desk.store.put_release(&name, &content, at(0)).await.unwrap();
    desk.store.put_release(&name, &content, at(1)).await.unwrap();
    desk.store.put_release(&name, &Content::new(), at(2)).await.unwrap();
    assert_eq!(desk.store.release(&name).await.unwrap(), Some(content));
    assert_eq!(desk.store.release(&ReleaseId("ffff".into())).await.unwrap(), None);
}

async fn a_heartbeat_is_written(desk: Desk) {
    desk.store.ping().await.unwrap();
    desk.store.ping().await.unwrap();
    let kind = if desk.url.starts_with("sqlite:") { "sqlite" } else { "postgres" };
    assert_eq!(desk.store.kind(), kind);
    desk.store.close().await;
    assert!(desk.store.ping().await.is_err());
    assert!(desk.store.users().await.is_err());
}
